#!/bin/sh
# Make the virtual environment: make_venv.sh PYTHON FOLDER. Works without python3-venv too.
set -eu
python=$1 venv=$2

fail() {
    echo "wifiapp: $1" >&2
    exit 1
}

command -v "$python" >/dev/null ||
    fail "$python is not installed. Run: apt install python3 python3-pip"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old: 3.11 or newer is needed. Name it: make run PYTHON=python3.12"

if ! "$python" -m venv --clear "$venv" >/dev/null 2>&1; then
    # Debian puts ensurepip into a package of its own; the pip that is there can do its work.
    { "$python" -m venv --clear --without-pip "$venv" &&
        "$python" -m pip --python "$venv/bin/python" install -q --disable-pip-version-check pip; } ||
        { rm -rf "$venv"; fail "no virtual environment can be made. Run: apt install python3-venv"; }
fi
