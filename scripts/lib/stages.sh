# shellcheck shell=bash
# Sourced: runs the stages of a test run, times each, and prints the table at the end.
# Written for bash 3.2, which macOS still has.

TABLE=""
FAILED=""
SKIPS=0
STAGE=""
STAGE_STARTED=0

# row NAME TIME RESULT: a line of the table.
row() {
  TABLE="$TABLE$(printf '%-34s %8s  %s' "$1" "$2" "$3")
"
}

# begin NAME: a stage starts; passed or failed ends it.
begin() {
  STAGE=$1
  STAGE_STARTED=$SECONDS
  printf '\n== %s\n' "$STAGE"
}

passed() {
  local took=$((SECONDS - STAGE_STARTED))
  printf -- '-- %s: passed in %s s\n' "$STAGE" "$took"
  row "$STAGE" "$took s" "passed"
}

failed() {
  local took=$((SECONDS - STAGE_STARTED))
  FAILED=$STAGE
  printf -- '-- %s: FAILED after %s s\n' "$STAGE" "$took"
  row "$STAGE" "$took s" "FAILED"
}

# skipped NAME WHY: did not run, for want of something.
skipped() {
  SKIPS=$((SKIPS + 1))
  printf '\n== %s\n-- skipped: %s\n' "$1" "$2"
  row "$1" "-" "skipped. $2"
}

# stage NAME COMMAND...: runs it, unless an earlier one failed.
stage() {
  local name=$1
  shift
  if [ -n "$FAILED" ]; then
    row "$name" "-" "not run"
    return
  fi
  begin "$name"
  if "$@"; then passed; else failed; fi
}

# stage_with "TOOL..." NAME COMMAND...: the same, skipped when one of the tools is missing.
stage_with() {
  local wanted=$1 missing
  shift
  # shellcheck disable=SC2086 # one word a tool
  missing=$(first_missing $wanted)
  if [ -n "$missing" ]; then
    skipped "$1" "$missing is missing: $(how_to_get "$missing")"
  else
    stage "$@"
  fi
}

# finish prints the table and ends the script with the right status.
finish() {
  printf '\n%-34s %8s  %s\n' "stage" "time" "result"
  printf '%s' "$TABLE"
  if [ -n "$FAILED" ]; then
    printf '\nFailed: %s.\n' "$FAILED"
    exit 1
  fi
  if [ "$SKIPS" != 0 ] && [ "${CI:-}" = true ]; then
    printf '\nFailed: nothing may be skipped when CI=true.\n'
    exit 1
  fi
  if [ "$SKIPS" != 0 ]; then
    printf '\nWhat ran has passed.\n'
  else
    printf '\nEverything ran and passed.\n'
  fi
}
