#!/usr/bin/python3
"""A disk that really fills up: the store lies on a small tmpfs, and other files take the rest of it under load.

    tests/torture/full_disk.py [--rounds 10] [--seed N] [--keep]

While it is full nothing is acked and the broker lives; reads go on. Within 10 s after space is back messages are answered. In every
second round the broker is killed (kill -9) on the full disk: it may refuse to start, with one line that says why, until there is
space. Needs root.
"""
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.broker import StartFailed  # noqa: E402
from tests.support.client import Client  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402
from tests.torture.disk_faults import FULL, answered_more, said  # noqa: E402
from tests.torture.run import arguments_of, judged  # noqa: E402
from tests.torture.workload import Workload, make_users_and_rooms, read_at_rest  # noqa: E402

USERS, ROOMS = ["alice", "bob", "carol"], ["one", "two"]
SIZE_MIB, HEALED_S = 24, 10


def mount_store(broker):
    store = os.path.join(broker.data, "store")
    os.makedirs(store)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "parley-test", store], check=True, timeout=10)


def fill(broker, chance):
    """Takes all space but what is left for a few batches."""
    path = os.path.join(broker.data, "store", "filler")
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            pass
        file.truncate(max(0, file.tell() - chance.choice((0, 8192, 200_000))))
    return path


def reads_go_on(broker):
    with Client(broker, "carol", "pw-carol").connect() as client:
        wait_until(lambda: client.request("history.page", room=ROOMS[0], limit=5)["code"] == "OK", 10, "reads go on")


def wait_full(broker, before):
    wait_until(lambda: broker.log().count(FULL) > before or not broker.broker.running(), 30, f"the broker says {FULL!r}")
    assert broker.broker.running(), f"the broker ended on a full disk:\n{broker.log()[-2000:]}"


def killed_on_the_full_disk(broker):
    broker.kill9()
    try:
        broker.start_broker()
        return "started on the full disk"
    except StartFailed as failure:
        line = next((line for line in failure.log.splitlines() if "parley: " in line and "free some space" in line), "")
        assert line and failure.code is not None and failure.code > 0, f"no clear refusal: {failure}"
        return "refused: " + line.split("parley: ")[-1][:160]


def torture(broker, log, options):
    chance = random.Random(options.seed)
    make_users_and_rooms(broker, USERS, ROOMS)
    workload = Workload(broker, log, USERS, ROOMS, options.seed)
    workload.start()
    for number in range(options.rounds):
        answered_more(workload, 30, 30, "messages are answered")
        workload.check()
        before = broker.log().count(FULL)
        log.write(r="fault", what="the disk is full")
        filler = fill(broker, chance)
        wait_full(broker, before)
        reads_go_on(broker)
        outcome = killed_on_the_full_disk(broker) if number % 2 else "waited"
        time.sleep(chance.uniform(0, 1))
        os.unlink(filler)
        start = time.monotonic()
        if not broker.broker.running():
            broker.start_broker()
        answered_more(workload, 20, HEALED_S, "messages are answered again")
        log.write(r="heal", bound=HEALED_S)
        print(f"{outcome}; went on {time.monotonic() - start:.2f} s after there was space", flush=True)
    workload.join(60)
    read_at_rest(broker, log, "carol", ROOMS)
    broker.restart()
    read_at_rest(broker, log, "carol", ROOMS)
    assert number == 0 or said(broker, FULL) == "", "the disk is full at rest"


def main():
    options = arguments_of(__doc__, rounds=10)
    mounted = []

    def prepare(broker):
        try:
            mount_store(broker)
            mounted.append(os.path.join(broker.data, "store"))
        except (OSError, subprocess.SubprocessError):
            print("skipped: cannot mount a tmpfs here")
            sys.exit(77)
    try:
        return judged(torture, options, prepare=prepare)
    finally:
        for path in mounted:
            subprocess.run(["umount", "-l", path], check=False, timeout=10)


if __name__ == "__main__":
    sys.exit(main())
