#!/usr/bin/env bash
# A PostgreSQL server of our own on a free port: `postgres.sh start FOLDER` prints
# its URL, `halt FOLDER` ends it and keeps the folder, `crash FOLDER` ends it as a
# power cut would and keeps the folder, `stop FOLDER` ends it and removes the
# folder. Started again in its folder it has the port that it had. Options for the
# server may follow. The port lies below those that the kernel hands out, so that
# nobody else gets it while the server is away.
set -euo pipefail

find_bin() {
  for dir in "$(dirname "$(command -v initdb || true)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
    [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && { echo "$dir"; return; }
  done | tail -n 1
}

as_owner() { # initdb refuses root
  if [ "$(id -u)" = 0 ]; then
    (cd "$folder" && setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$folder" "$@")
  else
    "$@"
  fi
}

action=$1 folder=$2
shift 2
bin=$(find_bin)
if [ -z "$bin" ]; then
  echo "PostgreSQL 15 or later is missing: install it (Debian: apt-get install postgresql) and run this again" >&2
  exit 2
fi
case $action in
start)
  mkdir -p "$folder"
  [ "$(id -u)" = 0 ] && { chown nobody:nogroup "$folder"; chmod 711 "$folder"; }
  [ -d "$folder/data" ] || as_owner "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C >"$folder.initdb.log" 2>&1 || { cat "$folder.initdb.log" >&2; exit 1; }
  for try in 1 2 3 4 5; do
    port=$(cat "$folder/port" 2>/dev/null || echo $((20000 + RANDOM % 12000)))
    if as_owner "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server.log" \
      -o "-p $port -h 127.0.0.1 -k $folder -c max_connections=300 $*" start >/dev/null 2>&1; then
      echo "$port" >"$folder/port"
      echo "postgres://postgres@127.0.0.1:$port/postgres"
      exit 0
    fi
    rm -f "$folder/port"
  done
  cat "$folder/server.log" >&2
  exit 1
  ;;
halt)
  as_owner "$bin/pg_ctl" -D "$folder/data" -m fast -w stop >/dev/null 2>&1 || true
  ;;
crash)
  as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
  ;;
stop)
  as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$folder" "$folder.initdb.log"
  ;;
esac
