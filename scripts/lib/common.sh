# shellcheck shell=bash
# What all scripts share: where things are, how they speak, how they give up.

# The root of the project.
PARLEY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The name in front of every line on stderr.
PARLEY_SCRIPT=$(basename "$0")

say() { printf '%s\n' "$*"; }
note() { printf '%s: %s\n' "$PARLEY_SCRIPT" "$*" >&2; }
die() {
  note "$*"
  exit 1
}

# wait_for SECONDS COMMAND…: polls until the command succeeds; 1 when the time is over.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}
