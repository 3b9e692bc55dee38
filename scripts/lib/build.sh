# shellcheck shell=bash
# Builds a preset. Needs common.sh.

# build_preset PRESET [TARGET…]: configures on first use, then builds what changed. Silent when nothing did.
build_preset() {
  # Clones share what ccache knows.
  export CCACHE_BASEDIR=$PARLEY_ROOT CCACHE_NOHASHDIR=1
  local preset=$1 folder=$PARLEY_ROOT/build/$1
  shift
  local -a targets=("$@")
  mkdir -p "$folder" || die "cannot write $PARLEY_ROOT/build"
  # One build of a preset at a time; the lock ends with the subshell.
  (
    flock 8
    cd "$PARLEY_ROOT" || exit 1
    if [[ ! -e $folder/build.ninja ]]; then
      cmake --preset "$preset" >"$folder/configure.log" 2>&1 || {
        tail -n 20 "$folder/configure.log" >&2
        note "configuring failed; the whole log is $folder/configure.log"
        exit 1
      }
    fi
    if ninja -C "$folder" -n "${targets[@]}" 2>/dev/null | grep -q 'no work to do'; then exit 0; fi
    say "Building ($preset): the first time takes some minutes"
    # CI wants to see that something moves.
    exec 7>"$folder/build.log"
    if [[ -n ${CI:-} ]]; then exec 7> >(exec tee "$folder/build.log" 8>&-); fi
    cmake --build --preset "$preset" -- -j "${PARLEY_JOBS:-$(nproc)}" "${targets[@]}" >&7 2>&1 || {
      grep -E -m 20 'error|FAILED' "$folder/build.log" >&2 || tail -n 20 "$folder/build.log" >&2
      note "the build failed; the whole log is $folder/build.log"
      exit 1
    }
  ) 8>"$folder/.lock" || exit 1
}
