# shellcheck shell=bash
# Our two daemons and their pid files in {data}/run. Needs common.sh.

# is_ours PID NAME DATA: the process lives, runs the program NAME and was started for this data folder.
is_ours() {
  local exe command
  [[ $1 =~ ^[0-9]+$ && -d /proc/$1 ]] || return 1
  command=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) || return 1
  exe=$(readlink "/proc/$1/exe" 2>/dev/null) || exe=${command%% *}
  exe=${exe% (deleted)} # rebuilt since
  [[ ${exe##*/} == "$2" ]] || return 1
  [[ $command == *" $3/mosquitto.conf "* || $command == *" --data $3 "* ]]
}

# pid_of NAME DATA: the pid of our running daemon, empty when it does not run.
pid_of() {
  local pid
  pid=$(cat "$2/run/$1.pid" 2>/dev/null) || return 0
  if is_ours "$pid" "$1" "$2"; then printf '%s' "$pid"; fi
}

# stop_daemon NAME DATA SECONDS: TERM, a bounded wait, KILL at last.
stop_daemon() {
  local pid
  pid=$(pid_of "$1" "$2")
  if [[ -n $pid ]]; then
    kill -TERM "$pid" 2>/dev/null || die "cannot stop $1 (pid $pid): it belongs to another user; run this as root"
    if ! wait_for "$3" process_is_gone "$pid"; then
      note "$1 (pid $pid) did not end within $3 s: killed"
      kill -KILL "$pid" 2>/dev/null || true
      wait_for 5 process_is_gone "$pid" || die "$1 (pid $pid) does not die"
    fi
  fi
  rm -f "$2/run/$1.pid"
}

# process_is_gone PID: ended; a zombie that its parent has not collected counts as ended.
process_is_gone() {
  local state
  state=$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null) || return 0
  [[ -z $state || $state == Z ]]
}

# stop_all DATA: first the bridge, then the broker.
stop_all() {
  stop_daemon parley-bridge "$1" 10
  stop_daemon mosquitto "$1" 20
}

# start_daemon NAME DATA COMMAND…: runs it in a session of its own, with nothing of ours: no terminal, no pipe, no
# lock. stdout and stderr go to {data}/log/NAME.log.
start_daemon() {
  local name=$1 data=$2 log=$2/log/$1.log
  shift 2
  # The log of earlier runs is kept up to a bound.
  if [[ -e $log ]] && (($(stat -c %s "$log") > 16 * 1024 * 1024)); then mv -f "$log" "$log.1"; fi
  LOG_START=$(stat -c %s "$log" 2>/dev/null || printf 0)
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if ((fd > 2)); then eval "exec $fd>&-"; fi
    done
    umask 027
    # Not the leader of a process group here, so setsid does not fork: the pid stays.
    exec setsid "$@"
  ) </dev/null >>"$log" 2>&1 &
  printf '%s\n' "$!" >"$data/run/$name.pid"
  disown "$!"
}

# has_ended NAME DATA: what start_daemon started is gone. (Unlike pid_of it also knows the first moments, when the
# process is still setsid or setpriv.)
has_ended() {
  local pid
  pid=$(cat "$2/run/$1.pid" 2>/dev/null) || return 0
  process_is_gone "$pid"
}

# log_of_this_start NAME DATA: what the daemon wrote since start_daemon.
log_of_this_start() { tail -c +"$((LOG_START + 1))" "$2/log/$1.log" 2>/dev/null; }

# reason_in_log NAME DATA: its own last words on why it ended; what every start writes is left out.
reason_in_log() {
  log_of_this_start "$1" "$2" | grep -vE \
    'deprecated|version .* (starting|running|terminating)|Config loaded|Loading plugin|Opening .* listen socket|New c|disconnected' |
    tail -n 4 || true
}
