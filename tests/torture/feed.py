#!/usr/bin/python3
"""The bridge is killed with kill -9 at random moments under load; then every consumer of the feed must have seen every entry, in order,
with effects once: what `totals` keeps is counted again from the store by other code, its chain over all entries too.

    tests/torture/feed.py [--kills 50] [--seed N] [--keep]
    tests/torture/feed.py --rate 5000 [--seconds 10]       no kills: how late the consumers are at so many messages a second

With --rate the exit code says whether 99 % of the entries were handled within 100 ms of the notice that they are on disk, by each
consumer (use the release build; PARLEY_BUILD).
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.benchmark.benchmark import OURS_TEXT_PB, TEN, load, make_accounts  # noqa: E402
from tests.support import feed_rows  # noqa: E402
from tests.support.broker import Broker  # noqa: E402
from tests.support.client import Client  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402
from tests.torture.run import arguments_of, judged  # noqa: E402
from tests.torture.workload import Workload, make_users_and_rooms, read_at_rest  # noqa: E402

USERS, ROOMS = ["alice", "bob", "carol"], ["one", "two", "three"]
LAG_P99_MS = 100


def consumers(broker):
    """{name: status} as an administrator is told; None while the bridge is away."""
    with Client(broker, *broker.credentials()).connect() as admin:
        admin.subscribe("$CONTROL/parley/v1/response")
        answer = admin.control({"command": "listFeedConsumers"})[0]
    return {each["consumer"]: each for each in answer["data"]["consumers"]} if "data" in answer else None


def caught_up(broker):
    """The consumers' statuses once all of them are where the log is."""
    found = consumers(broker)
    there = found and all(each["running"] and each["offset"] == each["head"] for each in found.values())
    return found if there else None


def torture(broker, log, options):
    chance = random.Random(options.seed)
    make_users_and_rooms(broker, USERS, ROOMS)
    workload = Workload(broker, log, USERS, ROOMS, options.seed)
    workload.start()
    local, seen, moved = os.path.join(broker.data, "bridge/store"), 0, 0
    for kill in range(1, options.kills + 1):
        enough = workload.answered() + chance.randint(20, 200)
        wait_until(lambda e=enough: workload.answered() >= e, 60, "messages are being answered")
        workload.check()
        if kill % 2:  # every other life lasts until it has done something, however busy the machine is
            wait_until(lambda s=seen: int((consumers(broker) or {"totals": {"offset": 0}})["totals"]["offset"]) > s, 60,
                       "totals moves")
        broker.bridge.kill()
        stands = feed_rows.offset(local, "totals")
        assert stands >= seen, f"totals stood at {seen}, and stands at {stands} now"
        moved += stands > seen
        seen = stands
        # Now and then the broker goes with it, with what the bridge may have seen of its log and what no disk has yet.
        if chance.random() < 0.2:
            broker.kill9()
            broker.start_broker()
        broker.start_bridge()
        print(f"kill {kill}/{options.kills}: totals stood at {stands}", flush=True)
    workload.join(60)
    statuses = wait_until(lambda: caught_up(broker), 60, "all consumers have caught up")
    assert all(not each["deadLetters"] for each in statuses.values()), statuses
    read_at_rest(broker, log, "carol", ROOMS)
    broker.stop()
    kept, counted = feed_rows.kept(local), feed_rows.recount(os.path.join(broker.data, "store"))
    assert kept == counted, f"totals keeps {kept}, a recount gives {counted}"
    assert moved > options.kills / 2, f"totals moved between {moved} of {options.kills} kills only: the run shows little"
    print(f"{counted[0]} entries, every one once and in order through {options.kills} kills")
    broker.start()


def measure(options):
    """How late each consumer is at options.rate messages a second."""
    with Broker(bridge=True) as broker:
        make_accounts(broker)
        wait_until(lambda: caught_up(broker), 60, "all consumers have caught up")
        broker.bridge.stop()  # the counts begin here
        broker.start_bridge()
        wait_until(lambda: caught_up(broker), 60, "all consumers have caught up")
        result = load(broker.port, broker.broker.process.pid,
                      [*TEN, *OURS_TEXT_PB, "--rate", str(options.rate)], options.seconds)
        statuses = wait_until(lambda: caught_up(broker), 60, "all consumers have caught up")
    print(f"{result['delivered_per_s']:.0f} messages a second were delivered, p99 {result['latency_ms'][2]:.1f} ms")
    for name, each in statuses.items():
        print(f"{name}: {each['handled']} entries, lag p50 ≤ {each['lagP50Ms']} ms, p99 ≤ {each['lagP99Ms']} ms")
    return int(any(not 0 <= each["lagP99Ms"] <= LAG_P99_MS for each in statuses.values()))


if __name__ == "__main__":
    OPTIONS = arguments_of(__doc__, kills=50, rate=0, seconds=10)
    sys.exit(measure(OPTIONS) if OPTIONS.rate else judged(torture, OPTIONS))
