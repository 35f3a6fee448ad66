#!/usr/bin/env bash
# A Redis server of our own on a free port: `redis.sh start FOLDER` prints its
# URL, `redis.sh halt FOLDER` ends it and keeps the folder, `redis.sh stop FOLDER`
# ends it and removes the folder. Options for the server may follow, as on its
# own command line: `--maxmemory 8mb`. A port once taken is kept, so that a
# server that was killed comes back where its clients look for it; it lies below
# those that the kernel hands out, so that nobody else gets it meanwhile.
set -euo pipefail

action=$1 folder=$2
shift 2
server=$(command -v redis-server || true)
if [ -z "$server" ]; then
  echo "Redis 6.2 or later is missing: install it (Debian: apt-get install redis-server) and run this again" >&2
  exit 2
fi

end() { # signal
  [ -f "$folder/redis.pid" ] || return 0
  pid=$(cat "$folder/redis.pid")
  kill "-$1" "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  rm -f "$folder/redis.pid"
}

case $action in
start)
  mkdir -p "$folder"
  for _ in 1 2 3 4 5; do
    rm -f "$folder/redis.pid" # of one that was killed
    port=$((20000 + RANDOM % 12000))
    [ -f "$folder/port" ] && port=$(cat "$folder/port")
    if "$server" --port "$port" --bind 127.0.0.1 --dir "$folder" --pidfile "$folder/redis.pid" --daemonize yes \
      --logfile "$folder/server.log" --maxmemory-policy noeviction --appendonly no --save "" "$@" >/dev/null; then
      for _ in $(seq 100); do
        if [ -f "$folder/redis.pid" ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && kill -0 "$(cat "$folder/redis.pid")" 2>/dev/null; then
          echo "$port" >"$folder/port"
          echo "redis://127.0.0.1:$port/0"
          exit 0
        fi
        sleep 0.05
      done
    fi
  done
  cat "$folder/server.log" >&2
  exit 1
  ;;
halt) end TERM ;;
stop)
  end KILL
  rm -rf "$folder"
  ;;
esac
