#!/usr/bin/python3
"""Reads the log of a workload and says whether the promises held. It knows three outcomes of a send: acked, refused,
unknown. It shares no code with the workload but the names of the records.

    auditor.py LOG    exit code 1 and one line for each violation
"""
import collections
import json
import sys


class Audit:
    def __init__(self, records):
        self.violations = []
        self.sent = {}                                  # (user, room, id) → text
        self.pubacked = set()
        self.acked = {}                                 # (user, room, id) → seq
        self.refused = set()
        self.events = collections.defaultdict(dict)     # room → seq → canonical event
        self.heads = {}
        self.histories = {}
        self.last_live = {}                             # (session, topic, room) → seq
        self.counts = collections.Counter()
        for record in records:
            self.counts[record["r"]] += 1
            getattr(self, "on_" + record["r"])(record)
        self.at_rest()

    def fail(self, text):
        self.violations.append(text)

    # While reading.

    def on_inv(self, record):
        key = (record["user"], record["room"], record["id"])
        if key in self.sent:
            self.fail(f"workload: {key} was invoked twice")
        self.sent[key] = record["text"]

    def on_puback(self, record):
        self.pubacked.add((record["user"], record["room"], record["id"]))

    def on_ack(self, record):
        key, seq = (record["user"], record["room"], record["id"]), int(record["seq"])
        if key not in self.sent:
            self.fail(f"ack of {key}, which was never sent")
        if record["code"] != "OK":
            self.refused.add(key)
            self.fail(f"{key} was refused with {record['code']}, though its sender is a member")
            return
        if self.acked.setdefault(key, seq) != seq:
            self.fail(f"{key} was acked at seq {self.acked[key]} and at {seq}")

    def on_live(self, record):
        room, seq = record["room"], int(record["seq"])
        self.one_function(room, seq, record["event"], f"live to {record['session']}")
        at = (record["session"], record["topic"], room)
        if seq <= self.last_live.get(at, 0):
            self.fail(f"{at}: seq {seq} came after {self.last_live[at]}")
        self.last_live[at] = seq

    def on_history(self, record):
        room, seqs = record["room"], [int(event["seq"]) for event in record["events"]]
        if seqs != list(range(1, len(seqs) + 1)):
            missing = sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs))
            self.fail(f"history of {room} is not 1 … {len(seqs)}: missing {missing[:5]}, {len(seqs)} events")
        if int(record["head"]) != max(seqs, default=0):
            self.fail(f"history of {room} ends at {max(seqs, default=0)}, its head is {record['head']}")
        for event in record["events"]:
            self.one_function(room, int(event["seq"]), event, "history")
        before = self.histories.get(room)
        if before is not None and record["events"][:len(before)] != before:
            self.fail(f"history of {room} differs from an earlier read")
        self.histories[room] = record["events"]

    def one_function(self, room, seq, event, where):
        """(room, seq) → event must be one function over everything ever seen."""
        seen = self.events[room].setdefault(seq, event)
        if seen != event:
            self.fail(f"{room} seq {seq} is two events ({where}): {short(seen)} and {short(event)}")

    # At the end.

    def at_rest(self):
        stored = collections.defaultdict(list)
        for room, events in self.histories.items():
            time = feed = 0
            for event in events:
                if event.get("id"):
                    stored[(event["sender"], room, event["id"])].append(event)
                if int(event["tsMs"]) < time:
                    self.fail(f"{room} seq {event['seq']}: time falls")
                if int(event["feed"]) <= feed:
                    self.fail(f"{room} seq {event['seq']}: feed does not rise")
                time, feed = int(event["tsMs"]), int(event["feed"])
        for key, events in stored.items():
            if len(events) > 1:
                self.fail(f"{key} is stored {len(events)} times, at {[event['seq'] for event in events]}")
            if key not in self.sent:
                self.fail(f"{key} is stored and was never sent")
            elif events[0].get("text", {}).get("text") != self.sent[key]:
                self.fail(f"{key} is stored with another text")
        for key in self.pubacked:
            if key not in stored and key not in self.refused:
                self.fail(f"{key} got a PUBACK and is lost")
        for key, seq in self.acked.items():
            if key not in stored:
                self.fail(f"{key} was acked at seq {seq} and is lost")
            elif int(stored[key][0]["seq"]) != seq:
                self.fail(f"{key} was acked at seq {seq} and is stored at {stored[key][0]['seq']}")
        for room, events in self.events.items():
            head = len(self.histories.get(room, []))
            for seq in events:
                if seq > head:
                    self.fail(f"{room} seq {seq} was delivered and is not in history (head {head})")
        self.senders_order(stored)

    def senders_order(self, stored):
        """One connection's messages to one room are stored in the order in which they were first sent."""
        last = {}
        for key in self.sent:
            if key not in stored:
                continue
            user, room, message_id = key
            sender = (user, room, message_id.rsplit("-", 1)[0])
            seq = int(stored[key][0]["seq"])
            if seq < last.get(sender, 0):
                self.fail(f"{key} at seq {seq} was sent after another at {last[sender]}")
            last[sender] = seq


def short(event):
    return json.dumps(event, ensure_ascii=False)[:160]


def audit_file(path):
    with open(path, encoding="utf-8") as file:
        return Audit([json.loads(line) for line in file])


def main():
    audit = audit_file(sys.argv[1])
    for violation in audit.violations[:50]:
        print("VIOLATION", violation)
    events = sum(len(history) for history in audit.histories.values())
    print(f"{len(audit.sent)} sent, {len(audit.pubacked)} PUBACKs, {len(audit.acked)} acked, {events} stored, "
          f"{audit.counts['live']} delivered: {len(audit.violations)} violations")
    return 1 if audit.violations or not audit.acked or not audit.histories else 0


if __name__ == "__main__":
    sys.exit(main())
