# shellcheck shell=bash
# Makes {data}/mosquitto.conf from mosquitto.conf or the file of --config. Needs common.sh.

# The first line of a file that we wrote; also how a data folder is known as ours.
CONFIGURATION_MARK='# Written by scripts/up from '

# write_configuration SOURCE DATA PORT WS_PORT PLUGIN USER: replaces what belongs to this run, keeps all else.
# USER: the broker's user, or empty to leave that alone (not root). Dies when SOURCE does not load our plugin.
write_configuration() {
  local source=$1 data=$2
  [[ -r $source ]] || die "cannot read the configuration $source"
  grep -qE '^[[:space:]]*(auth_)?plugin[[:space:]].*parley_plugin\.so[[:space:]]*$' "$source" ||
    die "$source does not load the plugin: add the line 'plugin /path/to/parley_plugin.so' (scripts/up sets the path)"
  {
    printf '%s%s; changes here are lost.\n' "$CONFIGURATION_MARK" "$source"
    # Twice over the file: first which listener is which, then the lines.
    awk -v port="$3" -v ws_port="$4" -v plugin="$5" -v user="$6" -v data="$data" '
      function value(line) { sub(/^[ \t]*[^ \t]+[ \t]+/, "", line); return line }
      FNR == 1 { pass++ ; listener = 0 }
      $1 == "listener" { listener++ }
      pass == 1 {
        if ($1 == "protocol" && $2 == "websockets" && listener) websockets[listener] = 1
        listeners = listener
        next
      }
      $1 == "listener" {
        ours = websockets[listener] ? !ws_done++ : !mqtt_done++
        if (!ours) { print; next }
        print "listener " (websockets[listener] ? ws_port : port) " 127.0.0.1"
        print "socket_domain ipv4"  # without it the broker opens websockets to every address
        next
      }
      ($1 == "plugin" || $1 == "auth_plugin") && $NF ~ /parley_plugin\.so$/ {
        print "plugin " plugin
        print "plugin_opt_parley_data " data
        next
      }
      $1 == "socket_domain" && ours { next }
      $1 == "user" && user == "" { print; next }
      $1 ~ /^(plugin_opt_parley_data|persistence_location|log_dest|pid_file|user|port|bind_address)$/ { next }
      { print }
      END {
        if (!mqtt_done) print "listener " port " 127.0.0.1"
        print "persistence_location " data "/broker/"
        print "log_dest stderr"
        if (user != "") print "user " user
      }' "$source" "$source"
  } >"$data/mosquitto.conf.new" || die "cannot write $data/mosquitto.conf"
  mv -f "$data/mosquitto.conf.new" "$data/mosquitto.conf"
}
