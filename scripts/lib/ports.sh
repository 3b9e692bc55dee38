# shellcheck shell=bash
# Who listens where, read from /proc (no tool needed). Needs common.sh.

# listening_inode PORT: the socket inode of what listens on this port of loopback, empty when it is free.
listening_inode() {
  local hex
  printf -v hex '%04X' "$1"
  # Addresses that take 127.0.0.1 away: itself, 0.0.0.0, ::, ::ffff:127.0.0.1.
  awk -v port=":$hex" '$4 == "0A" && $2 ~ port "$" &&
    $2 ~ /^(0100007F|00000000|0000000000000000FFFF00000100007F|00000000000000000000000000000000):/ { print $10; exit }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# holder_of_inode INODE: "name (pid N)" of the process that has this socket, empty when it cannot be seen.
holder_of_inode() {
  local link pid
  for link in /proc/[0-9]*/fd/*; do
    [[ $(readlink "$link" 2>/dev/null) == "socket:[$1]" ]] || continue
    pid=${link#/proc/}
    pid=${pid%%/*}
    printf '%s (pid %s)' "$(cat "/proc/$pid/comm" 2>/dev/null)" "$pid"
    return
  done
}

# require_free_port OPTION PORT: dies with the port, its holder and what to do.
require_free_port() {
  local inode holder
  inode=$(listening_inode "$2")
  [[ -n $inode ]] || return 0
  holder=$(holder_of_inode "$inode")
  if [[ $holder == "mosquitto "* ]] && systemctl is-active --quiet mosquitto 2>/dev/null; then
    die "port $2 is in use by $holder: stop it (systemctl stop mosquitto), or choose another port with $1"
  fi
  die "port $2 is in use by ${holder:-another process}: stop it, or choose another port with $1"
}

# port_answers PORT: something accepts connections on loopback.
port_answers() { (exec 7<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# http_ok PORT PATH: GET answers 200.
http_ok() {
  local status
  status=$(timeout 5 bash -c '
    exec 7<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" "$2" >&7
    read -r _ status _ <&7 && printf "%s" "$status"' http "$1" "$2" 2>/dev/null) || return 1
  [[ $status == 200 ]]
}

# mqtt_accepts PORT USER PASSWORD: a CONNECT with these is accepted. The packet is made here, so that the password
# stands on no command line.
mqtt_accepts() {
  local user=$2 password=$3 id="parley-up-$2" answer
  [[ -n $user && -n $password ]] || return 1
  local LC_ALL=C
  local length=$((10 + 2 + ${#id} + 2 + ${#user} + 2 + ${#password}))
  ((length < 16384)) || return 1
  answer=$(
    {
      printf '\x10'
      if ((length < 128)); then byte "$length"; else byte $((length % 128 + 128)) $((length / 128)); fi
      printf '\x00\x04MQTT\x04\xc2'
      byte 0 30
      local field
      for field in "$id" "$user" "$password"; do
        byte $((${#field} / 256)) $((${#field} % 256))
        printf '%s' "$field"
      done
    } | timeout 5 bash -c '
      exec 7<>"/dev/tcp/127.0.0.1/$0" || exit 1
      cat >&7
      head -c 4 <&7 | od -An -tx1
      printf "\xe0\x00" >&7' "$1" 2>/dev/null
  ) || return 1
  [[ ${answer// /} == 20020000 ]]
}

# byte N…: these numbers as bytes.
byte() {
  local number octal
  for number in "$@"; do
    printf -v octal '%03o' "$number"
    printf '%b' "\\0$octal"
  done
}
