#!/bin/sh
# Install exactly the pinned packages: install.sh PYTHON REQUIREMENTS.
set -eu
echo "Installing the packages of $2 (once, about a minute)…"
"$1" -m pip install -q --disable-pip-version-check --no-input --require-hashes -r "$2" || {
    echo "wifiapp: the packages of $2 could not be installed; the reason stands above." \
        "The Internet is needed this once. Run the same command again." >&2
    exit 1
}
