#!/bin/sh
# Make sure that there is a Chromium for the browser stories; install Debian's where we may.
set -eu

found() {
    [ -n "${CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser
}

found >/dev/null && exit 0
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root=no
fi
if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser stories…"
    { $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || true
fi
found >/dev/null || {
    echo "The browser stories need Chromium, and it is not there and could not be installed." \
        "Run: apt install chromium (as root), set CHROMIUM to its path," \
        "or leave them out: make test BROWSER=no" >&2
    exit 1
}
