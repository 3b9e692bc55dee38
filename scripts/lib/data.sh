# shellcheck shell=bash
# The data folder and the user that the daemons run as. Needs common.sh, configuration.sh.

# check_data DATA: dies when the folder is not ours or cannot be used; creates nothing.
check_data() {
  local data=$1 above
  if [[ -e $data && ! -d $data ]]; then die "the data folder $data is a file: choose another with --data"; fi
  if [[ -d $data ]]; then
    [[ -r $data && -w $data && -x $data ]] ||
      die "the data folder $data is not writable for $(id -un): choose another with --data, or run as its owner"
    if [[ -n $(ls -A "$data") && ! -e $data/store && ! -e $data/admin.credentials ]] &&
      ! head -n 1 "$data/mosquitto.conf" 2>/dev/null | grep -qF "$CONFIGURATION_MARK"; then
      die "the data folder $data holds something else than Parley's data: choose an empty or new one with --data"
    fi
    return
  fi
  above=$(dirname "$data")
  while [[ ! -e $above ]]; do above=$(dirname "$above"); done
  [[ -d $above && -w $above && -x $above ]] ||
    die "cannot make the data folder $data: $above is not writable for $(id -un); choose another with --data"
}

# may_use USER DATA FILE…: this user can read every file and get into the data folder.
may_use() {
  local user=$1 data=$2 file
  shift 2
  local -a as_user=(setpriv --reuid "$user" --regid "$user" --init-groups)
  "${as_user[@]}" test -w "$data" -a -x "$data" || return 1
  for file in "$@"; do "${as_user[@]}" test -r "$file" || return 1; done
}

# prepare_data DATA FILE…: makes the folders and decides who owns them. Sets DAEMON_USER: empty when we are not
# root (then everything runs as the caller), else the user that broker and bridge run as.
prepare_data() {
  local data=$1
  shift
  DAEMON_USER=
  (umask 022 && mkdir -p "$(dirname "$data")") &&
    (umask 027 && mkdir -p "$data" "$data/broker" "$data/log" "$data/run" "$data/bridge") ||
    die "cannot make the data folder $data"
  chmod 0750 "$data" 2>/dev/null || true
  ((EUID == 0)) || return 0
  DAEMON_USER=mosquitto
  chown mosquitto: "$data"
  if ! may_use mosquitto "$data" "$@"; then
    note "user mosquitto cannot reach $data or the build in $PARLEY_ROOT: broker and bridge run as $(id -un)"
    DAEMON_USER=$(id -un)
  fi
  # Also what an earlier run left under another user.
  chown -R "$DAEMON_USER": "$data"
}
