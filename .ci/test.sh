#!/usr/bin/env bash
# Everything that `make test` means: installs what is missing when it may, starts
# its own PostgreSQL and Redis, runs all tests, stops them. The last lines are go test's own.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=.ci/needs.sh
. .ci/needs.sh

unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "not formatted (gofmt -w): $unformatted" >&2; exit 1; }
go vet ./...

# In memory where there is room: tests make databases by the hundred, each of
# hundreds of files, and throw them away.
place=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 4000000 ]; then place=/dev/shm; fi
folder=$(mktemp -d "$place/fangxin.XXXXXX")
beside=
trap '[ -z "$beside" ] || kill -- "-$beside" 2>/dev/null || true; .ci/postgres.sh stop "$folder/pg"; .ci/redis.sh stop "$folder/redis"; rmdir "$folder" 2>/dev/null || true' EXIT
chmod 711 "$folder"
# Nobody pulls the plug of this one: what a power cut does is tried on servers of their own.
FANGXIN_TEST_POSTGRES=$(.ci/postgres.sh start "$folder/pg" -c fsync=off -c full_page_writes=off -c max_wal_size=512MB)
FANGXIN_TEST_REDIS=$(.ci/redis.sh start "$folder/redis")
FANGXIN_TEST_BROWSER=${FANGXIN_TEST_BROWSER:-$(browser)}
FANGXIN_TEST_OIDC=$(oidc)
export FANGXIN_TEST_POSTGRES FANGXIN_TEST_REDIS FANGXIN_TEST_BROWSER FANGXIN_TEST_OIDC

raced="./store ./jobs ./jobs/simulate ./store/... ./jobs/... ./workflow/..." # the longest first
plain=$(go list ./... | grep -v -E '^fangxin/(workflow|store|jobs)(/|$)' || true)
status=0
# Side by side: each alone waits for its browser, its disk or its one long package.
set -m # in a group of its own, which an interrupted run ends too
# shellcheck disable=SC2086
go test -timeout 20m $plain >"$folder/plain" 2>&1 &
beside=$!
set +m
# shellcheck disable=SC2086
go test -race -timeout 20m $raced || status=1
wait "$beside" || status=1
beside=
cat "$folder/plain"
rm -f "$folder/plain"
exit $status
