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
need pdftotext poppler-utils
if ! have_postgres; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing postgresql ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; } >/dev/null 2>&1 || true
  fi
  have_postgres || { echo "PostgreSQL 15 or later is missing: install it (Debian: apt-get install postgresql) and run this again" >&2; exit 2; }
fi
# A real OpenID provider for the tests, built once into the cache from its own module.
oidc() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/fangxin
  local made=$folder/oidc-provider-$(cat .ci/tools/oidc/go.sum .ci/tools/oidc/main.go | sha256sum | cut -c1-12)
  [ -x "$made" ] || (cd .ci/tools/oidc && mkdir -p "$folder" && GOFLAGS= go build -trimpath -o "$made" .) >&2 || return 0
  echo "$made"
}
# The pages' tests want a browser, which not every machine can have: without one
# they say so and are left out.
browser() {
  local folder=handlers/browser
  for p in chromium node npm; do
    command -v $p >/dev/null 2>&1 && continue
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      echo "installing $p ..." >&2
      { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $p; } >/dev/null 2>&1 || true
    fi
  done
  if ! fc-list 2>/dev/null | grep -qi cjk && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq fonts-noto-cjk >/dev/null 2>&1 || true
  fi
  if command -v npm >/dev/null 2>&1 && ! [ -d $folder/node_modules/playwright-core ]; then
    (cd $folder && npm ci --ignore-scripts --no-audit --no-fund) >/dev/null 2>&1 || true
  fi
  if command -v chromium >/dev/null 2>&1 && command -v node >/dev/null 2>&1 && [ -d $folder/node_modules/playwright-core ]; then
    command -v chromium
  else
    echo "no Chromium with Node and the packages of $folder: the pages are not tried in a browser" >&2
  fi
}
