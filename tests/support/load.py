"""What others notice of an attack: latencies of one well-behaved client, and what the broker uses meanwhile."""
import json
import os
import time

from tests.support.client import new_id

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    """Resident memory of a process."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid):
    """User and system time that a process has used, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def percentile(values, share):
    """The value below which `share` (0 … 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine_is_loaded():
    """Others use the processors, too: bounds of time are then taken with a factor."""
    return os.getloadavg()[0] > (os.cpu_count() or 1)


class Probe:
    """Publishes at a fixed pace and notes, in ms from when each was due, when its ack came: what waits behind a
    stall counts in full."""

    INTERVAL_S = 0.01

    def __init__(self, session, client_id, room):
        """`session`: a raw session of that client id, whose user may send to the room."""
        self.session, self.room, self.latencies = session, room, []
        session.subscribe(f"chat/v1/clients/{client_id}/acks/json")

    def run(self, until):
        """Until until() is true; the latencies of this run."""
        due, waiting, measured = time.monotonic(), {}, []
        while not until():
            now = time.monotonic()
            if now >= due:
                message_id = new_id()
                waiting[message_id] = due
                self.session.publish(f"chat/v1/rooms/{self.room}/send/json",
                                     json.dumps({"id": message_id, "text": {"text": "x" * 100}}))
                due += self.INTERVAL_S
            self.take(waiting, measured, max(0.0, due - time.monotonic()))
        deadline = time.monotonic() + 20
        while waiting:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(waiting)} of {len(measured) + len(waiting)} messages got no ack")
            self.take(waiting, measured, 1)
        self.latencies += measured
        return measured

    def take(self, waiting, measured, timeout):
        found = self.session.read(timeout)
        if found is None:
            return
        self.session.handle(found)
        for _, payload, *_ in self.session.inbox:
            ack = json.loads(payload)
            if ack["code"] != "OK":
                raise AssertionError(f"the probe's message was refused: {ack}")
            measured.append((time.monotonic() - waiting.pop(ack["id"])) * 1000)
        self.session.inbox.clear()

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        return self.run(lambda: time.monotonic() >= end)


def figures(name, latencies):
    """One line for the log of the test."""
    return (f"{name}: {len(latencies)} acks, p50 {percentile(latencies, 0.5):.1f} ms, "
            f"p99 {percentile(latencies, 0.99):.1f} ms, max {max(latencies):.1f} ms")
