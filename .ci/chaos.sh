#!/usr/bin/env bash
# The tests of failure in their long form, on PostgreSQL and Redis servers of
# their own, and a table of what they found: faults injected, writes
# acknowledged, lost, done twice, worst lateness of a deadline. Red when anything
# is lost or done twice. Under an hour on two cores. The whole output is kept in
# FANGXIN_CHAOS_LOG, or in fangxin-chaos.log beside the other temporary files.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=.ci/needs.sh
. .ci/needs.sh
log=${FANGXIN_CHAOS_LOG:-${TMPDIR:-/tmp}/fangxin-chaos.log}
unset FANGXIN_CHAOS_LOG # not a setting of the engine

folder=$(mktemp -d)
chmod 711 "$folder"
trap '.ci/postgres.sh stop "$folder/pg"; .ci/redis.sh stop "$folder/redis"; rm -rf "$folder"' EXIT
FANGXIN_TEST_POSTGRES=$(.ci/postgres.sh start "$folder/pg" -c max_wal_size=2GB)
FANGXIN_TEST_REDIS=$(.ci/redis.sh start "$folder/redis")
export FANGXIN_TEST_POSTGRES FANGXIN_TEST_REDIS FANGXIN_CHAOS=1

status=0
go test -v -count=1 -p 1 -timeout 55m ./migrations ./workflow ./store ./jobs ./cmd/fangxin ${FANGXIN_CHAOS_ONLY:+-run "$FANGXIN_CHAOS_ONLY"} >"$log" 2>&1 || status=1
grep -E '^(--- FAIL|FAIL|panic|ok )|^ +--- FAIL' "$log" || true
.ci/chaos.awk "$log" || status=1
[ $status = 0 ] || echo "RED: see $log"
exit $status
