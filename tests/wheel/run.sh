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
"$work/venv/bin/python" -m pip install --quiet "$(ls "$work"/dist/*.whl)[ui]"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
fink-ad ui --port "$port" --no-learner >page.log 2>&1 &
page=$!
trap 'kill "$page" 2>/dev/null || true; rm -rf "$work"' EXIT
python - "$port" <<'PYTHON' || { cat page.log; exit 1; }
import sys, time, urllib.request
for _ in range(60):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}", timeout=5) as page:
            sys.exit(page.status != 200)
    except OSError:
        time.sleep(0.5)
sys.exit("the review page did not answer within 30 s")
PYTHON
kill "$page" && wait "$page" || true
echo "the wheel works, and so does its review page"
