"""The auditor can fail: each planted violation is found, and a clean log passes."""
import copy
import unittest

from tests.torture.auditor import Audit


def event(seq, message_id, text, **fields):
    return {"room": "r", "seq": str(seq), "feed": str(100 + seq), "tsMs": str(1000 + seq), "sender": "alice",
            "client": "c", "id": message_id, "text": {"text": text}, **fields}


def clean():
    """Three messages: one fully acked and seen live, one with a PUBACK only, one whose fate was unknown."""
    events = [event(1, "c-1", "one"), event(2, "c-2", "two"), event(3, "c-3", "three")]
    records = [{"r": "inv", "user": "alice", "room": "r", "id": f"c-{i}", "text": text}
               for i, text in enumerate(("one", "two", "three", "never stored"), 1)]
    records += [{"r": "puback", "user": "alice", "room": "r", "id": "c-1"},
                {"r": "puback", "user": "alice", "room": "r", "id": "c-2"},
                {"r": "ack", "user": "alice", "room": "r", "id": "c-1", "code": "OK", "seq": "1", "feed": "101",
                 "duplicate": False},
                {"r": "live", "by": "bob", "session": "s1", "topic": "t", "room": "r", "seq": "1", "event": dict(events[0])},
                {"r": "live", "by": "bob", "session": "s1", "topic": "t", "room": "r", "seq": "2", "event": dict(events[1])},
                {"r": "history", "by": "bob", "room": "r", "events": events, "head": "3"}]
    return records


class Auditor(unittest.TestCase):
    def check(self, change, expected):
        """`change` edits a clean log; the auditor must say a line with `expected` in it."""
        records = copy.deepcopy(clean())
        change(records)
        found = Audit(records).violations
        self.assertTrue([line for line in found if expected in line], found)

    def test_a_clean_log_passes(self):
        self.assertEqual(Audit(clean()).violations, [])

    def history(self, records):
        return records[-1]["events"]

    def test_a_lost_puback(self):
        def change(records):
            self.history(records)[1].update(id="", text={"text": "other"})
            del records[-2]  # its delivery
        self.check(change, "got a PUBACK and is lost")

    def test_a_lost_ack(self):
        def change(records):
            self.history(records)[0]["id"] = ""
        self.check(change, "was acked at seq 1 and is lost")

    def test_stored_twice(self):
        self.check(lambda records: self.history(records).append(event(4, "c-1", "one")) or records[-1].update(head="4"),
                   "is stored 2 times")

    def test_stored_at_another_seq(self):
        def change(records):
            records[6]["seq"] = "2"
        self.check(change, "was acked at seq 2 and is stored at 1")

    def test_two_acks_that_differ(self):
        self.check(lambda records: records.append({**records[6], "seq": "3"}), "was acked at seq 1 and at 3")

    def test_a_seq_handed_out_twice(self):
        def change(records):
            records[8]["event"] = event(2, "c-9", "another")
        self.check(change, "seq 2 is two events")

    def test_history_differs_from_live(self):
        def change(records):
            self.history(records)[1]["text"] = {"text": "changed"}
        self.check(change, "seq 2 is two events")

    def test_history_changes_between_reads(self):
        def change(records):
            again = copy.deepcopy(records[-1])
            again["events"] = again["events"][:1]
            again["head"] = "1"
            records.append(again)
        self.check(change, "differs from an earlier read")

    def test_a_gap(self):
        self.check(lambda records: self.history(records).pop(1), "is not 1 …")

    def test_a_head_beyond_the_events(self):
        self.check(lambda records: records[-1].update(head="9"), "its head is 9")

    def test_a_delivery_that_was_never_stored(self):
        self.check(lambda records: records.insert(-1, {"r": "live", "by": "bob", "session": "s1", "topic": "t",
                                                       "room": "r", "seq": "9", "event": event(9, "c-4", "x")}),
                   "was delivered and is not in history")

    def test_deliveries_out_of_order_and_twice(self):
        def swap(records):
            records[7], records[8] = records[8], records[7]
        self.check(swap, "seq 1 came after 2")
        self.check(lambda records: records.insert(8, copy.deepcopy(records[7])), "seq 1 came after 1")

    def test_an_invented_message(self):
        self.check(lambda records: self.history(records)[2].update(id="c-77"), "was never sent")

    def test_another_text(self):
        def change(records):
            self.history(records)[2]["text"] = {"text": "not three"}
        self.check(change, "stored with another text")

    def test_a_refusal_of_a_member(self):
        self.check(lambda records: records[6].update(code="INTERNAL"), "was refused")

    def test_time_that_falls(self):
        self.check(lambda records: self.history(records)[2].update(tsMs="1"), "time falls")

    def test_a_feed_that_does_not_rise(self):
        self.check(lambda records: self.history(records)[2].update(feed="102"), "feed does not rise")

    def test_a_senders_order_turned(self):
        def change(records):
            events = self.history(records)
            events[1].update(id="c-3", text={"text": "three"})
            events[2].update(id="c-2", text={"text": "two"})
            del records[8]
        self.check(change, "was sent after another")


if __name__ == "__main__":
    unittest.main()
