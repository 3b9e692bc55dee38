#!/usr/bin/python3
"""Kills the broker with kill -9 at random moments under load, then lets the auditor judge what is left.

    tests/torture/kill9.py [--kills 50] [--seed N] [--keep]

Needs a build (PARLEY_BUILD, default build/dev). The seed is printed and taken back; the moments of the kills follow it, the
machine's own timing does not.
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.waiting import wait_until  # noqa: E402
from tests.torture.run import arguments_of, judged  # noqa: E402
from tests.torture.workload import Workload, make_users_and_rooms, read_at_rest  # noqa: E402

USERS = ["alice", "bob", "carol"]
ROOMS = ["one", "two", "three"]


def torture(broker, log, options):
    kills, chance = options.kills, random.Random(options.seed)
    make_users_and_rooms(broker, USERS, ROOMS)
    workload = Workload(broker, log, USERS, ROOMS, options.seed)
    workload.start()
    for kill in range(1, kills + 1):
        # Under load: not before messages are being answered again.
        before = workload.answered()
        wait_until(lambda b=before: workload.answered() >= b + 20, 60, "messages are being answered")
        time.sleep(chance.uniform(0, 0.6))
        workload.check()
        broker.kill9()
        start = time.monotonic()
        broker.start_broker()
        print(f"kill {kill}/{kills}: {workload.answered()} answered, up again after {time.monotonic() - start:.2f} s",
              flush=True)
        # Now and then the bridge goes with it.
        if chance.random() < 0.2:
            broker.bridge.kill()
            broker.start_bridge()
    workload.join(60)
    assert workload.trusted() > 0, "no kill met a message between its PUBACK and its ack: the run shows nothing"
    print(f"{workload.trusted()} messages had a PUBACK and no ack yet when the broker was killed; none was sent again")
    read_at_rest(broker, log, "carol", ROOMS)
    broker.restart()
    read_at_rest(broker, log, "carol", ROOMS)


if __name__ == "__main__":
    sys.exit(judged(torture, arguments_of(__doc__, kills=50)))
