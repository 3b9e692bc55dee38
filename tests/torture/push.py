#!/usr/bin/python3
"""The bridge is killed with kill -9 at random moments while messages go to members who are not connected; then every message must
have been attempted for every device, and none told twice.

    tests/torture/push.py [--messages 2000] [--kills 50] [--seed N] [--keep]

The devices are browsers: a push service of Node's own cryptography (tests/receivers) decrypts what comes. A pair of message and device
that is ACCEPTED came exactly once; one that was on the way at a kill, UNKNOWN, at most once; there is no other state.
"""
import collections
import contextlib
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.broker import Broker  # noqa: E402
from tests.support.client import Client  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402
from tests.support.web_push_receiver import WebPushReceiver  # noqa: E402
from tests.torture.run import arguments_of  # noqa: E402
from tests.torture.workload import make_users_and_rooms  # noqa: E402

MEMBERS, ROOM = ["bob", "carol"], "lobby"
FINAL = {"ACCEPTED", "UNKNOWN"}


def user(broker, name):
    return Client(broker, name, f"pw-{name}").connect()


def register(broker, name, receiver):
    with user(broker, name) as client:
        reply = client.request("push.register", device="phone", webPush=receiver.subscription)
        assert reply["code"] == "OK", reply


def away(alice):
    """Whether presence knows that all members are gone."""
    reply = alice.request("presence.get", users=MEMBERS)
    states = {each["user"]: each["state"] for each in reply.get("presences", [])}
    return all(states.get(name) == "OFFLINE" for name in MEMBERS)


def fates(alice, seqs):
    """{(user, seq): state and reason} as the ledger has them; None while some are not decided."""
    found = {}
    for seq in seqs:
        for each in alice.request("message.explain", room=ROOM, seq=seq).get("devices", []):
            found[each["user"], int(seq)] = (each["state"], each["reason"])
    undecided = [pair for pair, (state, _) in found.items() if state in ("WAITING", "SENDING")]
    return None if undecided or len(found) < len(seqs) * len(MEMBERS) else found


def complaints_of(found, receivers, seqs):
    complaints = []
    came = {name: receiver.seen() for name, receiver in receivers.items()}
    for name in MEMBERS:
        for seq in map(int, seqs):
            state, reason = found[name, seq]
            times = came[name].get(("message", ROOM, seq), 0)
            if state not in FINAL:
                complaints.append(f"{seq} for {name} is {state} {reason}")
            if times > 1 or (state == "ACCEPTED" and times != 1):
                complaints.append(f"{seq} for {name} is {state}, and came {times} times")
        # A request that a kill cut off in the middle is none.
        complaints += [f"{name}'s push service: {each['refused']}" for each in receivers[name].refused if each["refused"] != "aborted"]
    return complaints


def torture(broker, options):
    chance = random.Random(options.seed)
    make_users_and_rooms(broker, ["alice", *MEMBERS], [ROOM])
    with contextlib.ExitStack() as stack:
        receivers = {name: stack.enter_context(WebPushReceiver()) for name in MEMBERS}
        for name, receiver in receivers.items():
            register(broker, name, receiver)
        alice = stack.enter_context(user(broker, "alice"))
        wait_until(lambda: away(alice), 20, "the members are gone")
        seqs = []
        for life in range(options.kills + 1):
            until = options.messages * (life + 1) // (options.kills + 1)
            came = [len(receiver.messages) for receiver in receivers.values()]
            ids = [alice.send(ROOM, f"message {number}") for number in range(len(seqs), until)]
            if life < options.kills:
                # In the middle of it: some have come, as a rule not all.
                enough = sum(came) + chance.randint(1, max(1, len(ids) * len(MEMBERS)))
                wait_until(lambda e=enough: sum(len(each.messages) for each in receivers.values()) >= e, 60, "some are told")
                broker.bridge.kill()
            for message_id in ids:
                ack = alice.ack(message_id, 60)
                assert ack["code"] == "OK", ack
                seqs.append(ack["seq"])
            if life < options.kills:
                broker.start_bridge()
                print(f"kill {life + 1}/{options.kills}: {len(seqs)} messages", flush=True)
        found = wait_until(lambda: fates(alice, seqs), 120, "the ledger has every message for every device")
        complaints = complaints_of(found, receivers, seqs)
        shown = sum(times for receiver in receivers.values() for times in receiver.seen().values())
    states = collections.Counter(state for state, _ in found.values())
    print(f"{len(seqs)} messages for {len(MEMBERS)} devices through {options.kills} kills: {dict(states)}; {shown} were shown", flush=True)
    for complaint in complaints[:20]:
        print(f"VIOLATION {complaint}")
    assert not complaints, f"{len(complaints)} violations"


def run(options):
    broker = Broker(bridge=True, bridge_options=("--push-allow", "127.0.0.0/8", "--presence-grace-ms", "100"))
    try:
        broker.start()
        torture(broker, options)
        return 0
    except BaseException:
        broker.print_logs()
        print(f"failed; again with {options.line}")
        raise
    finally:
        if options.keep:
            print(f"kept: {broker.folder}")
            broker.stop()
        else:
            broker.close()


if __name__ == "__main__":
    sys.exit(run(arguments_of(__doc__, messages=2000, kills=50)))
