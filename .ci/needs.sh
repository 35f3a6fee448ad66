# Sourced by what runs tests: installs what is missing when it may, and says what
# to install when it may not.
need() { # command, Debian package
  command -v "$1" >/dev/null 2>&1 && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing $2 ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"; } >/dev/null 2>&1 || true
  fi
  command -v "$1" >/dev/null 2>&1 || { echo "$1 is missing: install $2 and run this again" >&2; exit 2; }
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
  have_postgres || { echo "PostgreSQL 15 or later is missing: install it (Debian: apt-get install postgresql) and run this again" >&2; exit 2; }
fi
