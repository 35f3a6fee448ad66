#!/usr/bin/env bash
# Everything that `make test` means: installs what is missing when it may, starts
# its own PostgreSQL and Redis, runs all tests, stops them. The last lines are go test's own.
set -euo pipefail
cd "$(dirname "$0")/.."

need() { # command, Debian package
  command -v "$1" >/dev/null 2>&1 && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing $2 ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"; } >/dev/null 2>&1 || true
  fi
  command -v "$1" >/dev/null 2>&1 || { echo "$1 is missing: install $2 and run make test again" >&2; exit 2; }
}
have_postgres() { ls /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1; }
need go golang
need gcc gcc
need python3 python3
need redis-server redis-server
if ! have_postgres; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing postgresql ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; } >/dev/null 2>&1 || true
  fi
  have_postgres || { echo "PostgreSQL 15 or later is missing: install it (Debian: apt-get install postgresql) and run make test again" >&2; exit 2; }
fi

unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "not formatted (gofmt -w): $unformatted" >&2; exit 1; }
go vet ./...

folder=$(mktemp -d)
trap '.ci/postgres.sh stop "$folder/pg"; .ci/redis.sh stop "$folder/redis"; rmdir "$folder" 2>/dev/null || true' EXIT
chmod 711 "$folder"
FANGXIN_TEST_POSTGRES=$(.ci/postgres.sh start "$folder/pg")
FANGXIN_TEST_REDIS=$(.ci/redis.sh start "$folder/redis")
export FANGXIN_TEST_POSTGRES FANGXIN_TEST_REDIS

raced="./workflow/... ./store/... ./jobs/..."
plain=$(go list ./... | grep -v -E '^fangxin/(workflow|store|jobs)(/|$)' || true)
status=0
# shellcheck disable=SC2086
go test -race -timeout 20m $raced || status=1
# shellcheck disable=SC2086
go test -timeout 20m $plain || status=1
exit $status
