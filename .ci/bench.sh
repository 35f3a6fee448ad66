#!/usr/bin/env bash
# Measures against limits taken in the same run, on a PostgreSQL of its own with
# default durability. Its folder is kept, with the large data sets in it:
# FANGXIN_BENCH_CACHE, or fangxin-bench beside the other temporary folders.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${FANGXIN_BENCH_CACHE:-${TMPDIR:-/tmp}/fangxin-bench}
trap '.ci/postgres.sh halt "$folder"' EXIT
FANGXIN_BENCH_POSTGRES=$(.ci/postgres.sh start "$folder" -c shared_buffers=1GB -c max_wal_size=6GB)
export FANGXIN_BENCH_POSTGRES
go run ./bench "$@"
