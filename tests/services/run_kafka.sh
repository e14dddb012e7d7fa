#!/bin/sh
# Run the tests of the Kafka door against a throw-away broker that listens on loopback only.
#
# Usage: tests/services/run_kafka.sh PYTHON [pytest arguments]
# PYTHON is an interpreter with fink_ad and its extra "kafka". Java and Maven are installed where
# they are missing, given root and apt-get; Maven keeps the broker's jars in its own cache. The
# tests start, stop and kill the broker themselves; whatever is left of it ends with this script.
set -eu

python=$(command -v "$1") || { echo "no interpreter '$1'" >&2; exit 2; }
shift

if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Java or Maven is missing: install your system's packages" >&2
        exit 1
    fi
    apt-get update -qq
    apt-get install -y --no-install-recommends default-jre-headless maven >/dev/null
fi

case $python in /*) ;; *) python=$PWD/$python ;; esac
project=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)

finish() {
    [ ! -f "$folder/pid" ] || kill -9 "$(cat "$folder/pid")" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

try_maven() {
    mvn --quiet --batch-mode --file "$project/tests/services/kafka/pom.xml" \
        dependency:build-classpath -Dmdep.outputFile="$folder/class_path"
}
# A download may break; what arrived is kept, and the next attempt asks for the rest.
try_maven || try_maven

cd "$project"
KAFKA_FOLDER=$folder "$python" -m pytest -m kafka tests/services "$@"
