#!/usr/bin/python3
"""ENOSPC and EIO at the Nth write and fdatasync of the store, in the real broker under load.

    tests/torture/disk_faults.py [--rounds 40] [--calls 60] [--seed N] [--keep]

Each round draws the call, the error and N (1 … --calls). ENOSPC: the broker says so, waits and goes on by itself. EIO: it says why and
ends, and the next start recovers. The auditor then judges acks, rows and times. Needs root and strace.
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.waiting import wait_until  # noqa: E402
from tests.torture.run import arguments_of, judged  # noqa: E402
from tests.torture.tracer import Tracer, can_trace  # noqa: E402
from tests.torture.workload import Workload, make_users_and_rooms, read_at_rest, write_resources  # noqa: E402

USERS, ROOMS = ["alice", "bob", "carol"], ["one", "two"]
HEALED_S = 10
FULL, FAILED = "the disk is full", "the store cannot be written"


def store_logs(broker):
    """The write-ahead logs that the broker has open."""
    folder = os.path.join(broker.data, "store")
    return [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".log")]


def answered_more(workload, count, timeout, what):
    before = workload.answered()
    wait_until(lambda: workload.answered() >= before + count, timeout, what)


def said(broker, words):
    return next((line for line in broker.log().splitlines() if words in line), "")


def no_space(broker, log, workload, call, number):
    """One failed call; how long until messages were answered again."""
    before = broker.log().count(FULL)
    log.write(r="fault", what=f"ENOSPC at {call} {number}")
    tracer = Tracer(broker.broker.process.pid, call, f"error=ENOSPC:when={number}", store_logs(broker))
    try:
        wait_until(lambda: broker.log().count(FULL) > before, 30, f"the broker says {FULL!r}")
        start = time.monotonic()
    finally:
        tracer.detach()
    answered_more(workload, 20, HEALED_S, "messages are answered again")
    assert broker.broker.running(), "the broker ended on a full disk"
    log.write(r="heal", bound=HEALED_S)
    return f"went on after {time.monotonic() - start:.2f} s"


def failing(broker, log, call, number):
    """One failed call; the broker ends and is started again."""
    log.write(r="fault", what=f"EIO at {call} {number}")
    tracer = Tracer(broker.broker.process.pid, call, f"error=EIO:when={number}", store_logs(broker))
    try:
        wait_until(lambda: not broker.broker.running(), 30, "the broker ends")
    finally:
        tracer.detach()
    log.write(r="exit", of="mosquitto", code=broker.broker.process.returncode, reason=said(broker, FAILED))
    broker.start_broker()
    log.write(r="heal", bound=HEALED_S)
    return "ended, and recovered: " + (said(broker, "recovered") or "nothing was left").split("parley: ")[-1]


def torture(broker, log, options):
    chance = random.Random(options.seed)
    make_users_and_rooms(broker, USERS, ROOMS)
    workload = Workload(broker, log, USERS, ROOMS, options.seed)
    workload.start()
    kinds = [(call, error) for call in ("write", "fdatasync") for error in ("ENOSPC", "EIO")]
    for number in range(options.rounds):
        answered_more(workload, 20, 30, "messages are answered")
        workload.check()
        if number == 0:
            write_resources(log, broker.bridge)
        call, error = kinds[number % len(kinds)]
        nth = chance.randint(1, options.calls)
        outcome = (no_space(broker, log, workload, call, nth) if error == "ENOSPC" else failing(broker, log, call, nth))
        print(f"{error} at {call} {nth}: {outcome}", flush=True)
    answered_more(workload, 50, 30, "messages are answered at the end")
    write_resources(log, broker.bridge)
    workload.join(60)
    read_at_rest(broker, log, "carol", ROOMS)
    broker.restart()
    read_at_rest(broker, log, "carol", ROOMS)


if __name__ == "__main__":
    chosen = arguments_of(__doc__, rounds=40, calls=60)
    if not can_trace():
        print("skipped: needs root and strace")
        sys.exit(77)
    sys.exit(judged(torture, chosen))
