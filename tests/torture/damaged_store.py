#!/usr/bin/python3
"""What a failing or lying disk makes of a store at rest: a start is refused with one clear line, a read with an error; nothing is
answered OK that is less than, or other than, what was stored.

    tests/torture/damaged_store.py [--flips 60] [--reads 60] [--seed N]

Flips bytes in every kind of file of the store and the journal, each on a copy of the same data; then lets the Nth read of the
store's files fail (EIO) or come back short in a broker that starts (strace; left out without it).
"""
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.broker import Broker, StartFailed, temporary_folder  # noqa: E402
from tests.support.client import Client  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402
from tests.torture.run import arguments_of  # noqa: E402
from tests.torture.tracer import can_trace  # noqa: E402
from tests.torture.workload import make_users_and_rooms  # noqa: E402

ROOM, MESSAGES = "one", 120
WAYS_OUT = ("restore", "check the disk", "move it away", "move the journal away", "put it back", "use a newer", "remove ",
            "start again", "name another", "give another")


class Wrong(AssertionError):
    pass


def make_store(broker):
    """Messages in several files: tables of some starts, and a log."""
    make_users_and_rooms(broker, ["carol"], [ROOM])
    for part in range(3):
        if part:
            broker.restart()
        with Client(broker, "carol", "pw-carol").connect() as client:
            for number in range(MESSAGES // 3):
                client.say(ROOM, f"{number} " + "x" * 300)
    with Client(broker, "carol", "pw-carol").connect() as client:
        wait_until(lambda: client.request("history.page", room=ROOM)["code"] == "OK", 30, "queries are answered")
        events = client.history(ROOM)
    assert len(events) == MESSAGES + 1
    return events


def read_all(broker, expected):
    """OK and the same, or an error of the query. Never something else."""
    with Client(broker, "carol", "pw-carol").connect() as client:
        codes = []

        def answered():
            codes.append(client.request("history.page", room=ROOM, after="0", limit=1000))
            return codes[-1]["code"] != "UNAVAILABLE" or len(codes) > 20
        wait_until(answered, 30, "an answer")
        reply = codes[-1]
        if reply["code"] != "OK":
            if not reply["reason"]:
                raise Wrong(f"a query failed with {reply['code']} and no reason")
            return f"the query says {reply['code']}: {reply['reason'][:80]}"
        if reply["events"] != expected[:len(reply["events"])] or (not reply["more"] and len(reply["events"]) != len(expected)):
            raise Wrong(f"{len(reply['events'])} events were answered OK, not the {len(expected)} that were stored")
        return "all is there"


def start_and_read(broker, expected):
    """What comes of a start; Wrong when it is not one of what may."""
    try:
        try:
            broker.start_broker()
        except StartFailed as failure:
            if failure.code is None or failure.code < 0:
                raise Wrong(f"the broker did not end by itself: {failure.code}\n{failure.log[-1500:]}") from None
            lines = [line.split("parley: ", 1)[1] for line in failure.log.splitlines() if "parley: " in line]
            clear = [line for line in lines if any(way in line for way in WAYS_OUT) and not line.startswith("[")]
            if len(clear) != 1:
                raise Wrong(f"{len(clear)} lines say what to do:\n" + "\n".join(lines[-8:])) from None
            return "refused: " + clear[0][:110]
        broker.start_bridge()
        return read_all(broker, expected)
    finally:
        broker.bridge.kill()
        broker.broker.kill()


def files_of(data):
    store = os.path.join(data, "store")
    names = [os.path.join(store, name) for name in sorted(os.listdir(store)) if name not in ("LOCK", "IDENTITY")
             and not name.startswith("OPTIONS")]
    return [path for path in names if os.path.getsize(path)] + [os.path.join(data, "journal")]


def flip(path, chance):
    with open(path, "r+b") as file:
        size = min(os.path.getsize(path), 8192 if path.endswith("journal") else 1 << 40)
        at = chance.randrange(size)
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << chance.randrange(8))]))
    return f"{os.path.basename(path)} byte {at}"


class Copies:
    """The same data again and again."""

    def __init__(self, broker, original):
        self.broker, self.original = broker, original

    def fresh(self):
        for name in ("store", "broker", "journal"):
            path = os.path.join(self.broker.data, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            source = os.path.join(self.original, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, path)
        return self.broker


def flips(copies, expected, chance, count):
    kinds = {}
    for number in range(count):
        broker = copies.fresh()
        files = files_of(broker.data)
        where = flip(files[number % len(files)], chance)
        outcome = start_and_read(broker, expected)
        kinds.setdefault(outcome.split(":")[0], []).append(where)
        print(f"flipped {where}: {outcome}", flush=True)
    assert len(kinds) > 1, "every flip had the same outcome: the run shows nothing"


def failing_reads(copies, expected, chance, count):
    for number in range(count):
        broker = copies.fresh()
        call, inject = chance.choice((("pread64", "error=EIO"), ("pread64", "retval=7"), ("read", "error=EIO")))
        nth = 1 + number // 3
        only = [part for path in files_of(broker.data) for part in ("-P", path)]
        broker.launcher = ["strace", "-D", "-f", "-o", "/dev/null", *only, "-e", f"trace={call}", "-e", f"inject={call}:{inject}:when={nth}"]
        outcome = start_and_read(broker, expected)
        print(f"{call} {nth} with {inject}: {outcome}", flush=True)
        broker.launcher = []
        broker.start_broker()  # nothing was made worse
        broker.start_bridge()
        assert read_all(broker, expected) == "all is there", "a failed start has changed the store"
        broker.stop()


def main():
    options = arguments_of(__doc__, flips=60, reads=60)
    chance = random.Random(options.seed)
    original = temporary_folder()
    broker = Broker(bridge=True)
    try:
        broker.start()
        expected = make_store(broker)
        broker.stop()
        for name in ("store", "broker", "journal"):
            source = os.path.join(broker.data, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, os.path.join(original, name))
        copies = Copies(broker, original)
        flips(copies, expected, chance, options.flips)
        if can_trace():
            failing_reads(copies, expected, chance, options.reads)
        else:
            print("failing reads left out: they need root and strace")
        return 0
    except BaseException:
        broker.print_logs()
        print(f"failed; again with {options.line}")
        raise
    finally:
        broker.close()
        shutil.rmtree(original, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
