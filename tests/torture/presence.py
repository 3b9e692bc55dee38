"""Presence under many clients that connect, flap and die at random: what watchers saw last is the truth, within
1.5 × keep-alive + 5 s (with a grace of 3 s; the default of 5 s comes on top by 2), and a big room costs one publish a
second. The bridge is killed in between.

    presence.py [--clients 2000] [--seconds 60] [--keepalive 4] [--grace 3000] [--seed N]
"""
import json
import sys
import time

from tests.support.broker import Broker
from tests.support.client import Client
from tests.support.load import cpu_seconds
from tests.torture.flock import Flock
from tests.torture.run import arguments_of

DEVICES = 2
USERS_PER_LIST = 100
SLACK_S = 5.0  # of the promise


class Watcher:
    """A member of the room that sees everybody, on a stock client."""

    def __init__(self, broker):
        self.client = Client(broker, *broker.credentials()).connect()
        self.client.subscribe("$CONTROL/parley/v1/response")
        self.said, self.room_at, self.taken = {}, [], 0

    def watch(self, room):
        self.room_topic = f"chat/v1/rooms/{room}/presence/json"
        self.client.subscribe("chat/v1/users/+/presence/json")
        self.client.subscribe(self.room_topic)

    def take(self):
        """What has come since the last call."""
        with self.client.changed:
            new, self.taken = self.client.messages[self.taken:], len(self.client.messages)
        for topic, payload, _, retained in new:
            if topic == self.room_topic:
                self.room = json.loads(payload)
                if not retained:
                    self.room_at.append(time.monotonic())
            elif topic.endswith("/presence/json") and payload:
                said = json.loads(payload)
                self.said[said["user"]] = said

    def online(self):
        return {user: said["devices"] for user, said in self.said.items()
                if said["state"] != "OFFLINE" and user != "admin"}


def prepare(watcher, count):
    """So many users, all in one room with the watcher."""
    people = [(f"u{i}", f"pw-{i}") for i in range(count)]
    for at in range(0, count, USERS_PER_LIST):
        answers = watcher.client.control(*[{"command": "createUser", "username": user, "password": password}
                                           for user, password in people[at:at + USERS_PER_LIST]], timeout=120)
        assert not any(answer.get("error") for answer in answers), answers
    watcher.client.command("createRoom", room="big", kind="group",
                           members=[{"user": user} for user, _ in people] + [{"user": "admin", "role": "owner"}])
    return people


def differences(watcher, truth):
    seen = watcher.online()
    return sorted(f"{user}: seen {seen.get(user, 0)}, true {truth.get(user, 0)}"
                  for user in seen.keys() | truth.keys() if seen.get(user, 0) != truth.get(user, 0))


def main():
    options = arguments_of(__doc__, clients=100, seconds=10, keepalive=2, grace=3000)
    broker = Broker(bridge=True, bridge_options=("--presence-grace-ms", str(options.grace)))
    flock, failures = None, []
    try:
        broker.start()
        watcher = Watcher(broker)
        people = prepare(watcher, options.clients // DEVICES)
        watcher.watch("big")
        flock = Flock(broker.port, people, DEVICES, options.keepalive, options.seed)
        started, cpu = time.monotonic(), (cpu_seconds(broker.broker.process.pid),
                                          cpu_seconds(broker.bridge.process.pid))
        killed = False
        while time.monotonic() < started + options.seconds:
            flock.act(pause_s=3)
            flock.turn()
            watcher.take()
            if not killed and time.monotonic() > started + options.seconds / 2:
                cpu = (cpu[0], cpu[1] - cpu_seconds(broker.bridge.process.pid))
                broker.bridge.kill()
                broker.bridge.start(*broker.bridge_command())
                killed = True
        while not flock.settled():
            flock.turn()
        quiet = time.monotonic()
        deadline = quiet + 1.5 * options.keepalive + SLACK_S
        right_since, last = None, []
        while time.monotonic() < deadline:
            flock.turn()
            watcher.take()
            last = differences(watcher, flock.truth())
            right_since = None if last else right_since or time.monotonic()
        used = (cpu_seconds(broker.broker.process.pid) - cpu[0], cpu_seconds(broker.bridge.process.pid) - cpu[1])
        if last:
            failures.append(f"{len(last)} people are not seen as they are: {last[:5]}")
        truth = flock.truth()
        if watcher.room["online"] != len(truth) + 1:
            failures.append(f"the room says {watcher.room['online']} online, true are {len(truth) + 1}")
        seconds = time.monotonic() - started
        pauses = [b - a for a, b in zip(watcher.room_at, watcher.room_at[1:])]
        if len(watcher.room_at) > seconds + 2:
            failures.append(f"{len(watcher.room_at)} publishes to the room in {seconds:.1f} s")
        late = Watcher(broker)
        late.watch("big")
        end = time.monotonic() + 10
        while differences(late, truth) and time.monotonic() < end:
            flock.turn()
            late.take()
        if differences(late, truth):
            failures.append(f"what is retained is not the truth: {differences(late, truth)[:5]}")
        print(f"{len(flock.devices)} clients of {len(people)} people, {flock.logins} logins, {flock.actions} actions in "
              f"{options.seconds} s; {len(truth)} online at the end")
        print("right after", "never" if right_since is None else f"{right_since - quiet:.1f} s",
              f"(promised {deadline - quiet:.1f} s, grace {options.grace / 1000:.1f} s)")
        print(f"room of {len(people) + 1}: {len(watcher.room_at)} publishes in {seconds:.1f} s, shortest pause "
              f"{min(pauses, default=0):.2f} s, members named: {len(watcher.room['members'])}")
        print(f"processor time: broker {used[0]:.1f} s, bridge {used[1]:.1f} s")
        late.client.close()
        watcher.client.close()
    finally:
        if flock:
            flock.close()
        if failures:
            broker.print_logs()
        broker.close()
    for failure in failures:
        print("VIOLATION", failure)
    if failures:
        print(f"failed; again with {options.line}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
