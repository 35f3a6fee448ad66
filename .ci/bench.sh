#!/usr/bin/env bash
# Measures against limits taken in the same run: a PostgreSQL of its own with
# default durability, a Redis of its own, the program as it is delivered, and a
# load program beside it. The folder is kept, with the large data sets in it:
# FANGXIN_BENCH_CACHE, or fangxin-bench beside the other temporary folders.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${FANGXIN_BENCH_CACHE:-${TMPDIR:-/tmp}/fangxin-bench}
mkdir -p "$folder/tmp"
exec 9>"$folder/lock"
flock -n 9 || { echo "another run uses $folder" >&2; exit 1; }
redis=""
finish() {
  [ -z "$redis" ] || kill "$redis" 2>/dev/null || true
  .ci/postgres.sh halt "$folder"
  rm -rf "$folder/tmp"
}
trap finish EXIT
FANGXIN_BENCH_POSTGRES=$(.ci/postgres.sh start "$folder" -c shared_buffers=1GB -c max_wal_size=6GB)
port=$((20000 + RANDOM % 20000))
redis-server --port "$port" --bind 127.0.0.1 --save "" --appendonly no >/dev/null &
redis=$!
FANGXIN_BENCH_REDIS=redis://127.0.0.1:$port
FANGXIN_BENCH_BINARY=$folder/fangxin
go build -o "$FANGXIN_BENCH_BINARY" ./cmd/fangxin
go build -o "$folder/bench" ./bench
FANGXIN_BENCH_RIVER=$folder/river # another module; without it a row of the midnight says so
go build -C bench/river -o "$FANGXIN_BENCH_RIVER" . || rm -f "$FANGXIN_BENCH_RIVER"
FANGXIN_BENCH_CACHE=$folder
export FANGXIN_BENCH_CACHE FANGXIN_BENCH_RIVER FANGXIN_BENCH_POSTGRES FANGXIN_BENCH_REDIS FANGXIN_BENCH_BINARY
TMPDIR=$folder/tmp "$folder/bench" "$@"
