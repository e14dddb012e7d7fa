#!/bin/sh
# Drive the review page in Debian's Chromium, which is installed where it is missing.
#
# Usage: tests/browser/run.sh PYTHON [pytest arguments]
# PYTHON is an interpreter with fink_ad, its extra "ui", pytest and playwright.
# SCREENS=FOLDER leaves a picture of every page there.
set -eu

python=$(command -v "$1") || { echo "no interpreter '$1'" >&2; exit 2; }
shift

if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Chromium is missing: install your system's package" >&2
        exit 1
    fi
    apt-get update -qq
    apt-get install -y --no-install-recommends chromium >/dev/null
fi

case $python in /*) ;; *) python=$PWD/$python ;; esac
cd "$(dirname "$0")/../.."
"$python" -m pytest -m browser tests/browser "$@"
