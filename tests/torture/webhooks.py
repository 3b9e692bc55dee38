#!/usr/bin/python3
"""The bridge is killed with kill -9 at random moments under load, while the receiver fails now and then and one room of it always
does for a while; then every event must have reached each webhook, in order per room, and twice only what was in flight.

    tests/torture/webhooks.py [--kills 50] [--publishers 2] [--window 1] [--seed N] [--keep]

In order: the first arrivals of a room's events that were taken are 1, 2, 3, … Twice: at most as many as can be in flight at a kill.
With a larger window, such as --publishers 6 --window 20, more is sent than the receiver, which is Python, can take: then it is judged as far
as it has come, and that events go on coming.
"""
import os
import random
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.client import Client  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402
from tests.support.webhook_receiver import WebhookReceiver  # noqa: E402
from tests.torture.run import arguments_of, judged  # noqa: E402
from tests.torture.workload import Workload, make_users_and_rooms, read_at_rest  # noqa: E402

USERS, ROOMS = ["alice", "bob", "carol"], [f"room-{number}" for number in range(20)]
AT_ONCE = 16  # requests of a webhook (bridge/webhooks/limits.h)
HOOKS = {"/all": {}, "/texts": {"events": ["text"]}, "/one": {"room": ROOMS[0]}}


def command(broker, name, **fields):
    with Client(broker, *broker.credentials()).connect() as admin:
        admin.subscribe("$CONTROL/parley/v1/response")
        answer, = admin.control({"command": name, **fields})
    return answer


class Moods:
    """What the receiver answers: mostly 200; sometimes a failure or nothing; of one room nothing but failures while `stubborn`."""

    def __init__(self, seed):
        self.chance, self.lock, self.stubborn = random.Random(seed), threading.Lock(), False

    def answer(self, body, _path):
        if self.stubborn and body["event"]["room"] == ROOMS[1]:
            return 503, {}
        with self.lock:
            drawn = self.chance.random()
        if drawn < 0.001:
            return None
        return (500 if drawn < 0.002 else 200), {}


def judge(receiver, heads, kills):
    """Complaints about what came. `heads`: where each room must end; none: anywhere."""
    complaints = [f"{path}: {wrong}" for path, wrong, _ in receiver.bad]
    for path, hook in HOOKS.items():
        came, repeated = {}, 0
        for delivery in receiver.deliveries(path):
            room, seq = delivery.place
            if delivery.status != 200:
                if seq > came.get(room, 1) + 1:
                    complaints.append(f"{path}: {room} {seq} was tried before {came.get(room, 1) + 1} was taken")
                continue
            if seq == came.get(room, 1) + 1:  # a room's first event is its making
                came[room] = seq
            elif seq <= came.get(room, 1):
                repeated += 1
            else:
                complaints.append(f"{path}: {room} {seq} came after {came.get(room, 1)}")
        for room in [hook["room"]] if "room" in hook else ROOMS:
            if heads and came.get(room, 1) != heads[room]:
                complaints.append(f"{path}: {room} ends at {came.get(room, 1)}, its head is {heads[room]}")
        if repeated > kills * AT_ONCE:
            complaints.append(f"{path}: {repeated} events came twice, more than {kills} kills explain")
        print(f"{path}: {sum(came.values())} events, {repeated} came twice through {kills} kills", flush=True)
    return complaints


def heads_of(broker):
    with Client(broker, "carol", "pw-carol").connect() as carol:
        return {room: int(carol.request("history.page", room=room, limit=1)["head"]) for room in ROOMS}


def done(broker):
    answer = command(broker, "listWebhooks")
    hooks = answer["data"]["webhooks"] if "data" in answer else []
    return hooks if hooks and all(each["offset"] == each["head"] != "0" for each in hooks) else None


def torture(broker, log, options):
    chance, moods = random.Random(options.seed), Moods(options.seed)
    make_users_and_rooms(broker, USERS, ROOMS)
    with WebhookReceiver() as receiver:
        receiver.answer = moods.answer
        for path, fields in HOOKS.items():
            made = command(broker, "createWebhook", webhook=path[1:], url=receiver.url(path), **fields)
            receiver.secrets[path] = made["data"]["secret"]
        workload = Workload(broker, log, USERS, ROOMS, options.seed, publishers=options.publishers, window=options.window)
        workload.start()
        for kill in range(1, options.kills + 1):
            moods.stubborn = kill % 4 == 0
            enough = len(receiver.places()) + chance.randint(20, 300)
            wait_until(lambda e=enough: len(receiver.places()) >= e, 60, "webhooks get events")
            workload.check()
            broker.bridge.kill()
            # Sometimes the broker goes with it, with what the bridge may have seen of its log and what no disk has yet.
            if chance.random() < 0.2:
                broker.kill9()
                broker.start_broker()
            broker.start_bridge()
            print(f"kill {kill}/{options.kills}: {len(receiver.places())} events were taken", flush=True)
        moods.stubborn = False
        workload.join(60)
        if options.window == 1:
            wait_until(lambda: done(broker), 120, "all webhooks have caught up")
        read_at_rest(broker, log, "carol", ROOMS)
        complaints = judge(receiver, heads_of(broker) if options.window == 1 else {}, options.kills)
    for complaint in complaints[:20]:
        print(f"VIOLATION {complaint}")
    assert not complaints, f"{len(complaints)} violations"


if __name__ == "__main__":
    OPTIONS = arguments_of(__doc__, kills=50, publishers=2, window=1)
    sys.exit(judged(torture, OPTIONS, bridge_options=("--push-allow", "127.0.0.0/8")))
