#!/usr/bin/python3
"""Reads the log of a workload and says whether the promises held. It knows three outcomes of a send: acked, refused,
unknown. It shares no code with the workload but the names of the records, which workload.py lists.

    auditor.py LOG    exit code 1 and one line for each violation

Numbers in the code are those of docs/invariants.md, "The checker's list".
"""
import collections
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.torture.memberships import Memberships, Views  # noqa: E402

# Two looks of the bridge at the store hold each of its files, and every start of the broker makes some.
DESCRIPTORS_MORE_MAX = 70
MEMORY_MORE_MAX_KIB = 96 * 1024


class Audit:
    def __init__(self, records):
        self.violations = []
        self.sent = {}                                  # (user, room, id) → text
        self.sent_after = {}                            # (user, room, id) → highest seq acked in the room before
        self.pubacked = set()
        self.acked = {}                                 # (user, room, id) → seq
        self.refused = {}                               # (user, room, id) → code
        self.events = collections.defaultdict(dict)     # room → seq → canonical event
        self.histories = {}                             # room → events of the last full read
        self.acked_heads = collections.Counter()        # room → highest seq acked so far
        self.last_live = {}                             # (session, topic, room) → seq
        self.asked = {}                                 # request → (room, what was acked there before)
        self.heads_read = {}                            # (by, room) → head of the newest read
        self.views = Views(self.fail)
        self.lives = []                                 # (by, topic, room, seq), judged when memberships are known
        self.read_heads = []                            # (by, room, head) of reads that were answered
        self.bound = None                               # seconds, once healed
        self.waiting = {}                               # (user, room, id) → when it was sent, after the healing
        self.resources = {}
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
        self.sent_after[key] = self.acked_heads[record["room"]]
        if self.bound is not None:
            self.waiting[key] = record["t"]

    def on_puback(self, record):
        self.pubacked.add((record["user"], record["room"], record["id"]))

    def on_ack(self, record):
        key, seq = (record["user"], record["room"], record["id"]), int(record["seq"])
        if key not in self.sent:
            self.fail(f"ack of {key}, which was never sent")
        sent = self.waiting.pop(key, None)
        if sent is not None and record["t"] - sent > self.bound:
            self.fail(f"{key} was answered {record['t'] - sent:.1f} s after it was sent, with nothing broken (11)")
        if record["code"] != "OK":
            self.refused[key] = record["code"]
            return
        if self.acked.setdefault(key, seq) != seq:
            self.fail(f"{key} was acked at seq {self.acked[key]} and at {seq}")
        self.acked_heads[record["room"]] = max(self.acked_heads[record["room"]], seq)

    def on_live(self, record):
        room, seq = record["room"], int(record["seq"])
        self.one_function(room, seq, record["event"], f"live to {record['session']}")
        at = (record["session"], record["topic"], room)
        if seq <= self.last_live.get(at, 0):
            self.fail(f"{at}: seq {seq} came after {self.last_live[at]}")
        self.last_live[at] = seq
        self.views.add(record["by"], record["session"], record["topic"], room, [seq])
        self.lives.append((record["by"], record["topic"], room, seq))

    def on_synced(self, record):
        """What a subscriber fetched by sync and pages after it connected."""
        for room, events in record["rooms"].items():
            for event in events:
                self.one_function(room, int(event["seq"]), event, f"sync of {record['session']}")
            self.views.synced(record["by"], record["session"], room, [int(event["seq"]) for event in events])

    def on_gone(self, record):
        """A subscriber's connection is over: what it has by now must be whole."""
        self.views.gone(record["session"])

    def on_ask(self, record):
        self.asked[record["request"]] = (record["room"], self.acked_heads[record["room"]])

    def on_read(self, record):
        """One page, read while others write."""
        room, acked = self.asked.pop(record["request"])
        if record["code"] != "OK":
            if record["code"] not in ("UNAVAILABLE", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"):
                self.fail(f"a page of {room} was answered {record['code']}: {record['reason']} (15)")
            return
        head, after, seqs = int(record["head"]), int(record["after"]), [int(event["seq"]) for event in record["events"]]
        if head < acked:
            self.fail(f"a page of {room} ends at {head}, though seq {acked} was acked before it was asked for")
        if head < self.heads_read.get((record["by"], room), 0):
            self.fail(f"the head of {room} fell from {self.heads_read[(record['by'], room)]} to {head} for {record['by']}")
        self.heads_read[(record["by"], room)] = head
        if seqs != list(range(after + 1, after + 1 + len(seqs))):
            self.fail(f"a page of {room} after {after} is {seqs[:5]} …: no prefix of what follows (6)")
        if not record["more"] and after < head and (not seqs or seqs[-1] != head):
            self.fail(f"a page of {room} after {after} ends at {seqs[-1:]}, before its head {head}, and says there is no more (15)")
        for event in record["events"]:
            self.one_function(room, int(event["seq"]), event, "a page")
        self.read_heads.append((record["by"], room, head))

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

    def on_pages(self, record):
        """The same, at rest, by small pages or backwards: joined they are one read."""
        if record["events"] != self.histories.get(record["room"]):
            self.fail(f"pages of {record['room']} joined ({record['how']}) are not what one read gives (6)")

    def on_heal(self, record):
        """Nothing is broken from here on: sends are answered within `bound` seconds."""
        self.bound = record["bound"]

    def on_fault(self, _):
        self.bound, self.waiting = None, {}

    def on_resources(self, record):
        before = self.resources.setdefault(record["of"], record)
        if record["descriptors"] > before["descriptors"] + DESCRIPTORS_MORE_MAX:
            self.fail(f"{record['of']} holds {record['descriptors']} descriptors, {before['descriptors']} at first (11)")
        if record["memory_kib"] > before["memory_kib"] + MEMORY_MORE_MAX_KIB:
            self.fail(f"{record['of']} holds {record['memory_kib']} KiB, {before['memory_kib']} at first (11)")

    def on_exit(self, record):
        """A daemon ended by itself: only cleanly, with one line that says why."""
        if record["code"] < 0 or not record["reason"]:
            self.fail(f"{record['of']} ended with {record['code']}, and said {record['reason']!r} (10)")

    def one_function(self, room, seq, event, where):
        """(room, seq) → event must be one function over everything ever seen (3)."""
        seen = self.events[room].setdefault(seq, event)
        if seen != event:
            self.fail(f"{room} seq {seq} is two events ({where}): {short(seen)} and {short(event)}")

    # At the end.

    def at_rest(self):
        if not self.histories:
            self.fail("nothing was read at rest: the run shows nothing")
            return
        stored = self.stored_messages()
        members = Memberships(self.histories)
        for key, events in stored.items():
            if len(events) > 1:
                self.fail(f"{key} is stored {len(events)} times, at {[event['seq'] for event in events]}")
            if key not in self.sent:
                self.fail(f"{key} is stored and was never sent")
            elif events[0].get("text", {}).get("text") != self.sent[key]:
                self.fail(f"{key} is stored with another text")
            elif events[0]["client"] != key[2].rsplit("-", 1)[0]:
                self.fail(f"{key} is stored with the client id {events[0]['client']} (4)")
            if not members.reads(key[0], key[1], int(events[0]["seq"]) - 1):
                self.fail(f"{key} is stored at seq {events[0]['seq']}, where {key[0]} was no member")
        for key in self.pubacked:
            if key not in stored and key not in self.refused:
                self.fail(f"{key} got a PUBACK and is lost")
        for key, code in self.refused.items():
            if code != "PERMISSION_DENIED" or not members.changed(key[0], key[1]):
                self.fail(f"{key} was refused with {code}, though its sender is a member")
            if key in stored and key not in self.acked:
                self.fail(f"{key} was refused with {code} and is stored")
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
        self.orders(stored)
        self.removals(members)
        self.views.at_rest(members, {room: len(events) for room, events in self.histories.items()})
        for key in self.waiting:
            self.fail(f"{key} was sent with nothing broken and never answered (11)")

    def stored_messages(self):
        """(user, room, id) → events; looks at times and feed indices on the way (14)."""
        stored, feeds = collections.defaultdict(list), {}
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
                if feeds.setdefault(feed, room) != room and "membership" not in event:
                    self.fail(f"feed {feed} stands in {feeds[feed]} and in {room}")
        return stored

    def orders(self, stored):
        """One connection's messages to one room are stored in the order in which they were first sent; what was sent after an
        ack had come stands behind what was acked (7)."""
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
            if seq <= self.sent_after[key]:
                self.fail(f"{key} is stored at seq {seq}, though seq {self.sent_after[key]} was acked before it was sent (7)")

    def removals(self, members):
        """Nothing reaches a user after the seq of their removal (9). Their own topic has the removal itself."""
        for by, topic, room, seq in self.lives:
            own = topic.startswith(f"chat/v1/users/{by}/")
            if not members.reads(by, room, seq) and not (own and members.reads(by, room, seq - 1)):
                self.fail(f"{room} seq {seq} reached {by} on {topic}, removed before it (9)")
        for by, room, head in self.read_heads:
            if not members.reads(by, room, head):
                self.fail(f"{by} read {room} up to seq {head}, removed by then (9)")


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
    print(f"{len(audit.sent)} sent, {len(audit.pubacked)} PUBACKs, {len(audit.acked)} acked, {len(audit.refused)} refused, "
          f"{events} stored, {audit.counts['live']} delivered, {audit.counts['read']} pages read, "
          f"{audit.counts['synced']} syncs: {len(audit.violations)} violations")
    return 1 if audit.violations or not audit.acked or not audit.histories else 0


if __name__ == "__main__":
    sys.exit(main())
