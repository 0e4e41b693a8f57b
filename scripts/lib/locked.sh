# shellcheck shell=bash
# Sourced: the tools from PyPI and npm, as the lock files in tests/tools say, put into target/tools.
# A tool that cannot be installed joins MISSING_TOOLS; its stage is then skipped by name.

# python_tools: a virtual environment in target/tools/python, made again when its lock file changes.
python_tools() {
  local folder=target/tools/python lock=tests/tools/requirements.txt
  if cmp -s "$lock" "$folder/lock"; then return; fi
  rm -rf "$folder"
  python3 -m venv "$folder" >target/tools/pip.log 2>&1 &&
    "$folder/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes -r "$lock" \
      </dev/null >>target/tools/pip.log 2>&1 &&
    cp "$lock" "$folder/lock"
}

# node_tools: node_modules in target/tools/node, made again when the lock file changes.
node_tools() {
  local folder=target/tools/node lock=tests/tools/package-lock.json
  if cmp -s "$lock" "$folder/lock"; then return; fi
  rm -rf "$folder"
  mkdir -p "$folder" &&
    cp tests/tools/package.json "$lock" "$folder/" &&
    (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts) </dev/null >target/tools/npm.log 2>&1 &&
    cp "$lock" "$folder/lock"
}

# want_locked_tools: installs both, where python3-venv and Node are here.
want_locked_tools() {
  if [ -n "$(first_missing python3-venv)" ] || ! python_tools; then MISSING_TOOLS="$MISSING_TOOLS feedparser"; fi
  if [ -n "$(first_missing node)" ] || ! node_tools; then MISSING_TOOLS="$MISSING_TOOLS playwright-core"; fi
  for tool in feedparser playwright-core; do
    if [ -n "$(first_missing $tool)" ]; then
      echo "missing  $tool; to get it: $(how_to_get $tool)"
    else
      echo "found    $tool (in target/tools)"
    fi
  done
}
