#!/usr/bin/env bash
# Say in one line each what `make setup` cannot install itself and does not find: Python with venv, Node with npm.
# Run it in the project's folder.
# Usage: check_machine.sh PYTHON
set -u
python=$1
missing=0

lacks() {
  printf 'setup: %s\n' "$1" >&2
  missing=1
}

if ! command -v "$python" >/dev/null; then
  lacks "$python not found: install Python >= 3.10, or give another with PYTHON=..."
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  lacks "$python is $("$python" --version 2>&1), but >= 3.10 is needed: give another with PYTHON=..."
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  lacks "$python has no venv or no ensurepip (on Debian: apt install python3-venv)"
fi

if ! command -v node >/dev/null; then
  lacks "node not found: install Node.js >= 18"
elif ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)'; then
  lacks "node is $(node --version), but >= 18 is needed"
fi
command -v npm >/dev/null || lacks "npm not found: install it beside Node.js"

case $(basename "$PWD") in
  [A-Za-z]*) ;;
  *) lacks "the folder's name must begin with a letter (brownie names the project after it), not '$(basename "$PWD")'" ;;
esac

# The registry has native chains for this platform only; elsewhere Foundry's own programs on PATH do.
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  for program in anvil forge; do
    command -v "$program" >/dev/null ||
      lacks "$program not found: npm has it for Linux x86_64 only, install Foundry 1.7.1 on $(uname -sm)"
  done
fi
exit $missing
