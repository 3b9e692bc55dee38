#!/usr/bin/python3
"""Kills the broker with kill -9 at random moments under load, then lets the auditor judge what is left.

    tests/torture/kill9.py [--kills 50] [--seed N] [--keep]

Needs a build (PARLEY_BUILD, default build/dev). The seed is printed and taken back; the moments of the kills follow it, the
machine's own timing does not.
"""
import argparse
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.broker import Broker  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402
from tests.torture.workload import Log, Workload, make_users_and_rooms, read_at_rest  # noqa: E402

USERS = ["alice", "bob", "carol"]
ROOMS = ["one", "two", "three"]


def torture(broker, log, kills, seed):
    chance = random.Random(seed)
    workload = Workload(broker, log, USERS, ROOMS, seed)
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="leave the data and the log")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"--kills {arguments.kills} --seed {seed}", flush=True)
    broker = Broker(bridge=True)
    log_path = os.path.join(broker.folder, "workload.jsonl")
    try:
        broker.start()
        make_users_and_rooms(broker, USERS, ROOMS)
        log = Log(log_path)
        try:
            torture(broker, log, arguments.kills, seed)
        except BaseException:
            broker.print_logs()
            raise
        finally:
            log.close()
        auditor = os.path.join(os.path.dirname(os.path.abspath(__file__)), "auditor.py")
        code = subprocess.run([sys.executable, auditor, log_path], timeout=600, check=False).returncode
        if code:
            print(f"failed; again with --kills {arguments.kills} --seed {seed}")
        return code
    finally:
        if arguments.keep:
            print(f"kept: {broker.folder}")
            broker.stop()
        else:
            broker.close()


if __name__ == "__main__":
    sys.exit(main())
