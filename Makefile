# `make help` lists what there is. Everything is installed from the lock files, inside this folder.

PYTHON ?= python3
CLIENTS ?= 8
ROUNDS ?= 3
POLICY ?= complete
NETWORK ?= anvil
SEED ?= 7
CONTRIBUTION ?= workload
SUITES ?=

BIN := .venv/bin
# Always behind `exec`: a shell in between would take make's SIGTERM and leave the tool, and its chain, running.
WITH_CHAIN := $(BIN)/python tools/with_chain.py --
PYTHON_STAMP := .venv/.installed
NODE_STAMP := node_modules/.installed
RAY_STAMP := .cache/ray/.installed
SITE_PACKAGES := 'import sysconfig; print(sysconfig.get_path("purelib"))'

.DEFAULT_GOAL := help
.PHONY: help setup test demo figures bench payout-demo rehearse coverage coverage-contracts coverage-python abi lock clean
.DELETE_ON_ERROR:

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo 'Options of demo: CLIENTS=$(CLIENTS) ROUNDS=$(ROUNDS) POLICY=$(POLICY) NETWORK=$(NETWORK) SEED=$(SEED) CONTRIBUTION=$(CONTRIBUTION)'
	@echo 'Options of test: SUITES="forge python ray anvil ganache" (all by default)'

setup: $(PYTHON_STAMP) $(NODE_STAMP) ## Install the Python and Node packages of the lock files (.venv, node_modules)

# The project itself is built by the setuptools of the lock file.
$(PYTHON_STAMP): requirements.lock pyproject.toml
	@tools/check_machine.sh $(PYTHON)
	@echo 'setup: .venv from requirements.lock'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(NODE_STAMP): package-lock.json package.json .npmrc
	@tools/check_machine.sh $(PYTHON)
	@echo 'setup: node_modules from package-lock.json'
	@npm ci --include=dev --include=optional --loglevel=error
	@touch $@

test: setup ## Run every test: forge, Python, Python on Ray, brownie on Anvil and on Ganache
	@exec $(WITH_CHAIN) python tools/run_tests.py $(SUITES)

demo: setup ## Pay whole learning rounds on a chain of its own; writes out/demo/
	@exec env BCFL_CLIENTS='$(CLIENTS)' BCFL_ROUNDS='$(ROUNDS)' BCFL_POLICY='$(POLICY)' BCFL_SEED='$(SEED)' \
		BCFL_CONTRIBUTION='$(CONTRIBUTION)' \
		$(WITH_CHAIN) python tools/run_script.py run_rounds '$(NETWORK)'

figures: setup ## Reproduce Figs. 2 to 6 of the paper: docs/figures.md, docs/figures/
	@exec $(BIN)/python -m bcfl_offchain.experiments.figures docs

bench: setup ## Measure the Shapley engines, beside other libraries in environments of their own: docs/benchmarks/
	@mkdir -p out
	@$(BIN)/python benchmarks/shapley_workload.py --slow > out/shapley.md && mv out/shapley.md docs/benchmarks/shapley.md
	@$(BIN)/python benchmarks/general_games.py

# What the suite `ray` runs in: .venv, and beside it what only Ray needs (both locks pin the same releases).
$(RAY_STAMP): requirements-ray.lock $(PYTHON_STAMP)
	@echo 'setup: .cache/ray from requirements-ray.lock'
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(BIN)/python -c $(SITE_PACKAGES) > "$$($(@D)/bin/python -c $(SITE_PACKAGES))/venv.pth"
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-ray.lock
	@touch $@

# Without with_chain, which ends its child soon after Ctrl-C: giving the money back on a live chain takes longer.
payout-demo: setup ## Pay a small task in real time from keystores: BCFL_KEYSTORES=folder NETWORK=sepolia
	@exec $(BIN)/python tools/run_script.py payout_demo '$(NETWORK)'

rehearse: setup ## Rehearse the payout on an Anvil with 1-second blocks and real base fees
	@exec $(WITH_CHAIN) python tools/rehearse_payout.py 3

coverage: coverage-contracts coverage-python ## Fail below 100 % of contracts/ (lines, branches) or 95 % of the package

coverage-contracts: setup
	@mkdir -p out
	@$(BIN)/python tests/forge/vectors/generate.py
	@exec $(WITH_CHAIN) forge coverage --report summary --report lcov --report-file out/lcov.info \
		--no-match-coverage '^(tests|node_modules|contracts/mocks)/' --no-match-path 'tests/forge/invariants/*'
	@$(BIN)/python tools/check_lcov.py out/lcov.info

coverage-python: setup
	@exec $(WITH_CHAIN) python -m pytest -q -p no:pytest-brownie --doctest-modules bcfl_offchain tools tests \
		--cov --cov-fail-under=95

abi: setup ## Write the contracts' ABIs into the package
	@exec $(WITH_CHAIN) forge build
	@$(BIN)/python tools/write_abi.py

lock: setup ## Resolve both lock files anew (uv comes into a folder of its own)
	@test -x .cache/uv/bin/uv || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv; }
	@.cache/uv/bin/uv --no-config pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.10 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade -o requirements.lock
	@.cache/uv/bin/uv --no-config pip compile --quiet pyproject.toml --extra dev --extra ray --universal --python-version 3.10 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links -c requirements.lock -o requirements-ray.lock
	@npm install --package-lock-only

clean: ## Remove what was built; .venv and node_modules stay
	rm -rf build out reports .cache/home .coverage .pytest_cache .hypothesis
