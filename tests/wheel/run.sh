#!/usr/bin/env bash
# Build the wheel, install it into an empty environment, and run the street from an empty folder:
# what a stranger gets who has no checkout. Usage: run.sh PYTHON
set -euo pipefail

python=$1
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work/home
mkdir "$HOME"

"$python" -m pip wheel --quiet --no-deps --wheel-dir "$work/dist" "$project"
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "$work"/dist/*.whl

top=$("$work/venv/bin/python" -m zipfile -l "$work"/dist/*.whl | awk 'NR > 1 {print $1}' | cut -d/ -f1 | sort -u)
expected=$(printf '%s\n' fink_ad "$(basename "$work"/dist/*.whl | cut -d- -f1-2).dist-info" | sort)
[ "$top" = "$expected" ] || { echo "the wheel holds more than fink_ad: $top"; exit 1; }

cd "$work"
PATH=$work/venv/bin:$PATH
fink-ad --version
fink-ad simulate --out night --objects 100
fink-ad run --source files night
fink-ad candidates --top 3
echo "the wheel works"
