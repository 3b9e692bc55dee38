#!/usr/bin/python3
"""Members come and go under load: nothing may reach a user after the seq of their removal, whatever the path.

    tests/torture/removals.py [--changes 300] [--seed N] [--keep]

carol and dave are removed from and added to the rooms at random, while everybody writes. They listen on the rooms' topics and on their
own, one of them with a session that the broker queues for while it is away, and ask for pages. The auditor judges.
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.client import Client  # noqa: E402
from tests.torture.listeners import PageReader, SleepySubscriber, Subscriber  # noqa: E402
from tests.torture.run import arguments_of, judged  # noqa: E402
from tests.torture.workload import Publisher, Workload, make_users_and_rooms, read_at_rest  # noqa: E402

STAYING, GOING = ["alice", "bob"], ["carol", "dave"]
ROOMS = ["one", "two"]


class Comings(Workload):
    def __init__(self, broker, log, seed):
        super().__init__(broker, log, STAYING + GOING, ROOMS, seed, publishers=0, readers=0)
        self.publishers = [Publisher(broker, log, user, f"pub-{user}", ROOMS, 1 + i % 2, seed * 100 + i, trusting=True, window=4)
                           for i, user in enumerate(["alice", "bob", "carol"])]
        rooms = [f"chat/v1/rooms/{room}/events/json" for room in ROOMS]
        self.subscribers = [Subscriber(broker, log, "alice", "sub-alice", rooms)]
        for user in GOING:
            own = f"chat/v1/users/{user}/events/json"
            self.subscribers.append(Subscriber(broker, log, user, f"sub-{user}", [*rooms, own], may_be_refused=True))
        self.sleepy = [SleepySubscriber(broker, log, "dave", "sleepy-dave", rooms, seed),
                       SleepySubscriber(broker, log, "carol", "sleepy-carol", ["chat/v1/users/carol/events/json"], seed + 1)]
        self.readers = [PageReader(broker, log, user, f"reader-{user}", ROOMS, seed * 100 + 50 + i) for i, user in enumerate(GOING)]

    def workers(self):
        return super().workers() + self.sleepy

    def join(self, timeout):
        super().join(timeout)
        for worker in self.sleepy:
            worker.stop()
        for worker in self.sleepy:
            worker.join(10)
        self.check()


def come_and_go(broker, changes, chance, workload):
    inside = {(user, room) for user in GOING for room in ROOMS}
    with Client(broker, *broker.credentials()).connect() as admin:
        admin.subscribe("$CONTROL/parley/v1/response")
        for _ in range(changes):
            user, room = chance.choice(GOING), chance.choice(ROOMS)
            commands = []
            for _ in range(chance.choice((1, 1, 2))):  # two: out and in again in one batch
                gone = (user, room) in inside
                inside ^= {(user, room)}
                commands.append({"command": "removeMember" if gone else "addMember", "room": room, "user": user,
                                 **({} if gone else {"role": "member"})})
            for response in admin.control(*commands):
                assert not response.get("error"), response
            time.sleep(chance.uniform(0, 0.03))
            workload.check()
        for user, room in {(user, room) for user in GOING for room in ROOMS} - inside:
            admin.command("addMember", room=room, user=user, role="member")


def torture(broker, log, options):
    make_users_and_rooms(broker, STAYING + GOING, ROOMS)
    workload = Comings(broker, log, options.seed)
    workload.start()
    come_and_go(broker, options.changes, random.Random(options.seed), workload)
    workload.join(60)
    read_at_rest(broker, log, "alice", ROOMS)


if __name__ == "__main__":
    sys.exit(judged(torture, arguments_of(__doc__, changes=300)))
