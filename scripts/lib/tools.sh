# shellcheck shell=bash
# Sourced: which tools beyond the Rust toolchain the tests can use, where they are, and how to get them.
# Written for bash 3.2, which macOS still has.

# The folders where Debian puts PostgreSQL's and Postfix's programs are not on everybody's PATH.
PATH="$PATH:/usr/sbin:/sbin"

# find_postgres prints the folder of initdb and pg_ctl, the newest version first.
find_postgres() {
  local dir
  if [ -n "${KIOSQUE_POSTGRES_BIN:-}" ]; then
    [ -x "$KIOSQUE_POSTGRES_BIN/initdb" ] && echo "$KIOSQUE_POSTGRES_BIN"
    return
  fi
  for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn) \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/pgsql-*/bin; do
    if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ]; then
      echo "$dir"
      return
    fi
  done
  if command -v initdb >/dev/null 2>&1; then dirname "$(command -v initdb)"; fi
}

# find_chromium prints the program that shows pages without a window.
find_chromium() {
  local name
  for name in "${KIOSQUE_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
}

# has_tool NAME: is it here?
has_tool() {
  case $1 in
    postgresql) [ -n "$(find_postgres)" ] ;;
    chromium) [ -n "$(find_chromium)" ] ;;
    node) command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ;;
    # They start as root and nothing less.
    postfix | dovecot) command -v "$1" >/dev/null 2>&1 && [ "$(id -u)" = 0 ] ;;
    # Debian's, with a database server of its own and PHP's own web server.
    wordpress) [ -e /usr/share/wordpress/wp-load.php ] && has_tool php && has_tool mariadb-install-db && has_tool mariadbd ;;
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

# debian_packages NAME: what apt-get must be given for it.
debian_packages() {
  case $1 in
    node) if command -v node >/dev/null 2>&1; then echo npm; else echo nodejs npm; fi ;;
    r2e) echo rss2email ;;
    wordpress) echo wordpress mariadb-server php-cli ;;
    php) echo php-cli ;;
    dovecot) echo dovecot-imapd dovecot-lmtpd ;;
    *) echo "$1" ;;
  esac
}

# how_to_get NAME prints the line that would get it.
how_to_get() {
  case $1 in
    postfix | dovecot)
      if command -v "$1" >/dev/null 2>&1; then
        echo "run this as root, which it starts as"
        return
      fi
      ;;
    feedparser)
      if has_tool python3-venv; then echo "run this with PyPI in reach (see target/tools/pip.log)"; else how_to_get python3-venv; fi
      return
      ;;
    playwright-core)
      if has_tool node; then echo "run this with the npm registry in reach (see target/tools/npm.log)"; else how_to_get node; fi
      return
      ;;
  esac
  if command -v brew >/dev/null 2>&1; then
    case $1 in
      postgresql) echo "brew install postgresql@17" ;;
      chromium) echo "brew install --cask chromium" ;;
      jing) echo "brew install jing-trang" ;;
      r2e) echo "pip install rss2email" ;;
      python3-venv) echo "brew install python" ;;
      postfix | dovecot) echo "(Postfix and Dovecot are tested on Linux only)" ;;
      wordpress) echo "(WordPress is tested on Debian and Ubuntu only)" ;;
      *) echo "brew install $1" ;;
    esac
  else
    echo "sudo apt-get install $(debian_packages "$1")"
  fi
}

# install_tools NAME...: as root on Debian or Ubuntu, installs them without starting a service.
# Whatever does not install stays missing; the caller looks again.
install_tools() {
  local name packages="" policy=/usr/sbin/policy-rc.d our_policy=""
  for name in "$@"; do packages="$packages $(debian_packages "$name")"; done
  echo "Installing with apt-get, no service is started:$packages"
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && our_policy=yes
  fi
  export DEBIAN_FRONTEND=noninteractive
  if command -v debconf-set-selections >/dev/null 2>&1; then
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
  fi
  {
    # shellcheck disable=SC2086 # one word a package
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages
  } </dev/null >"$TOOLS_LOG" 2>&1 || {
    echo "apt-get did not do it; the end of what it said ($TOOLS_LOG):"
    tail -n 15 "$TOOLS_LOG"
  }
  if [ -n "$our_policy" ]; then rm -f "$policy"; fi
}

# want_tools NAME...: finds or installs; sets MISSING_TOOLS to those that are still not here.
want_tools() {
  local name missing=""
  for name in "$@"; do has_tool "$name" || missing="$missing $name"; done
  # shellcheck disable=SC2086 # one word a tool
  if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then install_tools $missing; fi
  MISSING_TOOLS=""
  for name in "$@"; do
    if has_tool "$name"; then
      echo "found    $name"
    else
      echo "missing  $name; to get it: $(how_to_get "$name")"
      MISSING_TOOLS="$MISSING_TOOLS $name"
    fi
  done
}

# first_missing NAME...: prints the first of them that is not here, nothing when all are.
first_missing() {
  local name
  for name in "$@"; do
    case " $MISSING_TOOLS " in *" $name "*) echo "$name"; return ;; esac
  done
}
