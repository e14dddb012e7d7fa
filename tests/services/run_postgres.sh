#!/bin/sh
# Run the store's tests against a throw-away PostgreSQL that listens on a local socket only.
#
# Usage: tests/services/run_postgres.sh [pytest arguments]
# Needs the server's programs (Debian: apt-get install postgresql) and the extra "postgres".
# PYTHON names the interpreter, default "python".
set -eu

project=$(cd "$(dirname "$0")/../.." && pwd)
programs=$(dirname "$(command -v pg_ctl || ls -d /usr/lib/postgresql/*/bin/pg_ctl | tail -n 1)")
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
    "${PYTHON:-python}" -m pytest tests/store "$@"
