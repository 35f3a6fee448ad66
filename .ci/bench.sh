#!/usr/bin/env bash
# Measures against limits taken in the same run, on a PostgreSQL of its own with
# default durability.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)/pg
trap '.ci/postgres.sh stop "$folder"; rmdir "$(dirname "$folder")" 2>/dev/null || true' EXIT
chmod 711 "$(dirname "$folder")"
FANGXIN_BENCH_POSTGRES=$(.ci/postgres.sh start "$folder" -c shared_buffers=1GB -c max_wal_size=6GB)
export FANGXIN_BENCH_POSTGRES
go run ./bench "$@"
