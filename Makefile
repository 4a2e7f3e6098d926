# `make help` lists what there is. Everything is installed from the lock files, inside this folder.

PYTHON ?= python3
CLIENTS ?= 8
ROUNDS ?= 3
POLICY ?= complete
NETWORK ?= anvil
SEED ?= 7
CONTRIBUTION ?= workload
TOKEN ?= coin
SUITES ?=
CONTRACT ?=
LIMIT ?=

BIN := .venv/bin
# Always behind `exec`: a shell in between would take make's SIGTERM and leave the tool, and its chain, running.
WITH_CHAIN := $(BIN)/python tools/with_chain.py --
PYTHON_STAMP := .venv/.installed
NODE_STAMP := node_modules/.installed
RAY_STAMP := .cache/ray/.installed
SITE_PACKAGES := 'import sysconfig; print(sysconfig.get_path("purelib"))'

.DEFAULT_GOAL := help
.PHONY: help setup test demo scale figures bench payout-demo rehearse gas audit-code mutants campaign coverage coverage-contracts coverage-python abi lock clean
.DELETE_ON_ERROR:

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo 'Options of demo: CLIENTS=$(CLIENTS) ROUNDS=$(ROUNDS) POLICY=$(POLICY) NETWORK=$(NETWORK) SEED=$(SEED) CONTRIBUTION=$(CONTRIBUTION) TOKEN=$(TOKEN)'
	@echo 'Options of mutants: CONTRACT=Task LIMIT=50 SEED=$(SEED) (everything by default)'
	@echo 'Options of campaign: LIMIT=10 SEED=$(SEED) (everything by default)'
	@echo 'Options of test: SUITES="forge gas python scripts ray anvil ganache" (all by default)'

setup: $(PYTHON_STAMP) $(NODE_STAMP) ## Install the Python and Node packages of the lock files (.venv, node_modules)

# The project itself is built by the setuptools of the lock file.
$(PYTHON_STAMP): requirements.lock pyproject.toml
	@tools/check_machine.sh $(PYTHON)
	@echo 'setup: .venv from requirements.lock'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(NODE_STAMP): package-lock.json package.json .npmrc
	@tools/check_machine.sh $(PYTHON)
	@echo 'setup: node_modules from package-lock.json'
	@npm ci --include=dev --include=optional --loglevel=error
	@touch $@

test: setup ## Run every test: forge, gas, Python, Python on Ray, brownie on Anvil and on Ganache
	@exec $(WITH_CHAIN) python tools/run_tests.py $(SUITES)

demo: setup ## Pay whole learning rounds on a chain of its own; writes out/demo/
	@exec env BCFL_CLIENTS='$(CLIENTS)' BCFL_ROUNDS='$(ROUNDS)' BCFL_POLICY='$(POLICY)' BCFL_SEED='$(SEED)' \
		BCFL_CONTRIBUTION='$(CONTRIBUTION)' BCFL_TOKEN='$(TOKEN)' \
		$(WITH_CHAIN) python tools/run_script.py run_rounds '$(NETWORK)'

scale: CLIENTS = 1000
scale: setup ## Run tasks of 10, 100 and 1,000 clients that only sign: out/scale.json, docs/benchmarks/scale.md
	@exec $(WITH_CHAIN) python -m tools.scale --clients '$(CLIENTS)' \
		--json out/scale.json --document docs/benchmarks/scale.md

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
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-ray.lock
	@touch $@

# Without with_chain, which ends its child soon after Ctrl-C: giving the money back on a live chain takes longer.
payout-demo: setup ## Pay a small task in real time from keystores: BCFL_KEYSTORES=folder NETWORK=sepolia
	@exec $(BIN)/python tools/run_script.py payout_demo '$(NETWORK)'

rehearse: setup ## Rehearse the payout on an Anvil with 1-second blocks and real base fees
	@exec $(WITH_CHAIN) python tools/rehearse_payout.py 3

gas: setup ## Measure the gas of every step anew: snapshots/Gas.json, docs/benchmarks/gas.md
	@$(WITH_CHAIN) python tools/gas_check.py --write
	@$(BIN)/python -m tools.gas_page

audit-code: setup ## Check the contracts by slither and halmos, from requirements-audit.lock in an environment of its own
	@$(PYTHON) -c 'import sys; sys.exit("audit-code: halmos needs Python >= 3.11: give one with PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@test -x .cache/audit/bin/python || $(PYTHON) -m venv .cache/audit
	@.cache/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-audit.lock
	@$(WITH_CHAIN) python tools/audit_slither.py .cache/audit/bin/slither
	@rm -rf out/symbolic out/symbolic-cache  # halmos proves whatever is built there, also what has been deleted since
	@exec env FOUNDRY_PROFILE=symbolic $(WITH_CHAIN) .cache/audit/bin/halmos --forge-build-out out/symbolic --no-status \
		--default-bytes-lengths 0,64,65  # of a signature: none, and the two that accounts make

mutants: setup ## See which small faults in the contracts the forge tests notice; fails below 95 %
	@mkdir -p out
	@$(BIN)/python tests/forge/vectors/generate.py > out/vectors.txt
	@exec $(WITH_CHAIN) python -m tools.mutants --seed '$(SEED)' $(if $(CONTRACT),--contract '$(CONTRACT)') $(if $(LIMIT),--limit '$(LIMIT)')

campaign: setup ## Run the forge invariants 10,000 x 200 and every fuzz test 100,000 times, resuming where it ended
	@mkdir -p out
	@$(BIN)/python tests/forge/vectors/generate.py > out/vectors.txt
	@exec $(WITH_CHAIN) python -m tools.campaign --seed '$(SEED)' $(if $(LIMIT),--limit '$(LIMIT)')

coverage: coverage-contracts coverage-python ## Fail below 100 % of contracts/ (lines, branches) or 95 % of the package

# Without the IR pipeline, as the profile of the faults has it: forge leaves out what it compiles by it. And without the
# tests of gas: what is counted here runs without the optimizer.
coverage-contracts: setup
	@mkdir -p out
	@$(BIN)/python tests/forge/vectors/generate.py
	@exec env FOUNDRY_PROFILE=mutants $(WITH_CHAIN) forge coverage --report summary --report lcov --report-file out/lcov.info \
		--no-match-coverage '^(tests|node_modules|contracts/mocks)/' --no-match-path 'tests/forge/{invariants/*,Gas.t.sol,attacks/WalletQuorum.t.sol}'
	@$(BIN)/python tools/check_lcov.py out/lcov.info

coverage-python: setup
	@exec $(WITH_CHAIN) python -m pytest -q -p no:pytest-brownie --doctest-modules bcfl_offchain tools tests \
		--cov --cov-fail-under=95

abi: setup ## Write the contracts' ABIs into the package
	@exec $(WITH_CHAIN) forge build
	@$(BIN)/python tools/write_abi.py

lock: setup ## Resolve all lock files anew (uv comes into a folder of its own)
	@test -x .cache/uv/bin/uv || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv; }
	@.cache/uv/bin/uv --no-config pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.10 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade -o requirements.lock
	@.cache/uv/bin/uv --no-config pip compile --quiet pyproject.toml --extra dev --extra ray --universal --python-version 3.10 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links -c requirements.lock -o requirements-ray.lock
	@.cache/uv/bin/uv --no-config pip compile --quiet requirements-audit.in --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade -o requirements-audit.lock
	@npm install --package-lock-only

clean: ## Remove what was built; .venv and node_modules stay
	rm -rf build out reports .cache/home* .coverage .pytest_cache .hypothesis
