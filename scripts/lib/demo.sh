# shellcheck shell=bash
# Users and a room for trying out. Needs common.sh.

DEMO_USERS=(alice bob carol)

# The $CONTROL commands, one JSON object a line.
demo_commands() {
  local user
  for user in "${DEMO_USERS[@]}"; do
    printf '{"command":"createUser","username":"%s","password":"%s"}\n' "$user" "$user"
  done
  printf '{"command":"createRoom","room":"lobby","kind":"group","members":[%s]}\n' \
    '{"user":"alice","role":"owner"},{"user":"bob","role":"member"},{"user":"carol","role":"member"}'
}

# make_demo PORT DATA: makes them, or finds them from an earlier run. 1, with what was said, when they cannot log in.
make_demo() {
  local answer user
  # Not what the caller's environment may say of another broker.
  answer=$(demo_commands | env -u PARLEY_HOST -u PARLEY_PORT -u PARLEY_USER -u PARLEY_PASSWORD \
    -u PARLEY_PASSWORD_FILE -u PARLEY_CLIENT_ID \
    timeout 60 "$PARLEY_ROOT/build/release/client/parley" --port "$1" --config "$2/admin.credentials" --json admin batch 2>&1) || true # what exists already is an error, and fine
  for user in "${DEMO_USERS[@]}"; do
    mqtt_accepts "$1" "$user" "$user" && continue
    grep -v ALREADY_EXISTS <<<"$answer" | tail -n 3 >&2
    return 1
  done
}

print_demo_steps() {
  cat <<END

  *** FOR TRYING OUT ONLY: users alice, bob and carol exist, each with its own name as the password. ***
  *** Start with --no-demo, and delete them, before anyone else can reach this broker.              ***

With any MQTT client:
  mosquitto_sub -p $1 -i bob-1 -u bob -P bob -t chat/v1/rooms/lobby/events/json
  mosquitto_pub -p $1 -i alice-1 -u alice -P alice -q 1 -t chat/v1/rooms/lobby/send/text -m hello
With ours:
  build/release/client/parley --port $1 --user bob --password bob tail lobby -n 10
  build/release/client/parley --port $1 --user alice --password alice send lobby 'hello, world'
END
}

print_admin_steps() {
  cat <<END

No users yet. Make one:
  build/release/client/parley --port $1 --config $2/admin.credentials admin create-user alice --password-stdin
END
}
