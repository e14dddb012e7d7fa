#!/bin/sh
# Run the store's tests against a throw-away PostgreSQL that listens on a local socket only.
#
# Usage: tests/services/run_postgres.sh PYTHON [pytest arguments]
# PYTHON is an interpreter with fink_ad and its extra "postgres". The server's programs are
# installed where they are missing, given root and apt-get.
set -eu

python=$(command -v "$1") || { echo "no interpreter '$1'" >&2; exit 2; }
shift

find_programs() {
    found=$(command -v pg_ctl || ls -d /usr/lib/postgresql/*/bin/pg_ctl 2>/dev/null | tail -n 1)
    [ -n "$found" ] && dirname "$(readlink -f "$found")"
}

if ! programs=$(find_programs); then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "PostgreSQL's server programs are missing: install your system's package" >&2
        exit 1
    fi
    apt-get update -qq
    apt-get install -y --no-install-recommends postgresql >/dev/null
    programs=$(find_programs)
fi

case $python in /*) ;; *) python=$PWD/$python ;; esac
project=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)

# The server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$folder"
    as_owner() { (cd / && runuser -u postgres -- "$@"); }
else
    as_owner() { "$@"; }
fi

finish() {
    as_owner "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

as_owner "$programs/initdb" -D "$folder/data" -U fink_ad -A trust -E UTF8 --no-sync >/dev/null
as_owner "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w \
    -o "-k $folder -c listen_addresses='' -c fsync=off" start >/dev/null

cd "$project"
FINK_AD_TEST_DATABASE_URL="postgresql+psycopg://fink_ad@/postgres?host=$folder" \
    "$python" -m pytest -m "not browser" tests/store "$@"
