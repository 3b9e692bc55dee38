"""The auditor can fail: each planted violation is found, and a clean log passes."""
import copy
import unittest

from tests.torture.auditor import Audit

USERS = ("alice", "bob", "carol")


def event(seq, message_id, text, **fields):
    return {"room": "r", "seq": str(seq), "feed": str(100 + seq), "tsMs": str(1000 + seq), "sender": "alice",
            "client": "c", "id": message_id, "text": {"text": text}, **fields}


def membership(seq, *changes):
    made = event(seq, "", "", sender="admin", client="a", membership={"changes": [
        {"user": user, "change": change, "role": "MEMBER", "by": "admin"} for user, change in changes]})
    del made["text"]
    return made


def live(by, session, events, own=False):
    topic = f"chat/v1/users/{by}/events/json" if own else "chat/v1/rooms/r/events/json"
    return [{"r": "live", "by": by, "session": session, "topic": topic, "room": "r", "seq": e["seq"], "event": dict(e)}
            for e in events]


def read(events, head, request="q1", after=0, more=False, by="bob", code="OK"):
    return [{"r": "ask", "request": request, "room": "r"},
            {"r": "read", "by": by, "request": request, "room": "r", "after": after, "limit": 50, "code": code, "reason": "why",
             "events": copy.deepcopy(events), "head": str(head), "more": more}]


def sent(number, text):
    return {"r": "inv", "user": "alice", "room": "r", "id": f"c-{number}", "text": text, "t": number}


def acked(number, seq, **fields):
    return {"r": "ack", "user": "alice", "room": "r", "id": f"c-{number}", "code": "OK", "seq": str(seq), "feed": "1",
            "duplicate": False, "t": number, **fields}


class Auditor(unittest.TestCase):
    def setUp(self):
        """Three messages behind the room's first event: one fully acked and seen live, one with a PUBACK only, one whose fate
        was unknown; a fourth was never stored. bob has a whole view, and reads a page in between."""
        self.events = [membership(1, *[(user, "ADDED") for user in USERS]), event(2, "c-1", "one"), event(3, "c-2", "two"),
                       event(4, "c-3", "three")]
        self.invoked = [sent(i, text) for i, text in enumerate(("one", "two", "three", "never stored"), 1)]
        self.pubacks = [{"r": "puback", "user": "alice", "room": "r", "id": f"c-{i}"} for i in (1, 2)]
        self.ack = acked(1, 2)
        self.synced = {"r": "synced", "by": "bob", "session": "s#1", "rooms": {"r": copy.deepcopy(self.events[:1])}}
        self.live = live("bob", "s#1", self.events[1:])
        self.page = read(self.events[:3], 3)
        self.history = {"r": "history", "by": "bob", "room": "r", "events": copy.deepcopy(self.events), "head": "4"}
        self.more = []  # at the end

    def records(self):
        return [*self.invoked, *self.pubacks, self.ack, self.synced, *self.live, *self.page, self.history, *self.more]

    def found(self):
        return Audit(copy.deepcopy(self.records())).violations

    def check(self, expected):
        found = self.found()
        self.assertTrue([line for line in found if expected in line], found)

    def test_a_clean_log_passes(self):
        self.assertEqual(self.found(), [])

    # 1, 2: what was acknowledged is stored once, without a gap.

    def test_a_lost_puback(self):
        self.history["events"].pop(2)
        self.check("('alice', 'r', 'c-2') got a PUBACK and is lost")

    def test_a_lost_ack(self):
        self.history["events"][1]["id"] = ""
        self.check("was acked at seq 2 and is lost")

    def test_stored_twice(self):
        self.history["events"].append(event(5, "c-1", "one"))
        self.check("is stored 2 times")

    def test_stored_at_another_seq(self):
        self.ack["seq"] = "3"
        self.check("was acked at seq 3 and is stored at 2")

    def test_two_acks_that_differ(self):
        self.more = [acked(1, 3)]
        self.check("was acked at seq 2 and at 3")

    def test_a_gap(self):
        self.history["events"].pop(1)
        self.check("is not 1 …")

    def test_a_head_beyond_the_events(self):
        self.history["head"] = "9"
        self.check("its head is 9")

    def test_a_refusal_of_a_member(self):
        self.ack["code"] = "INTERNAL"
        self.check("was refused with INTERNAL")
        self.ack["code"] = "PERMISSION_DENIED"
        self.check("though its sender is a member")

    def test_refused_and_stored(self):
        self.ack["code"] = "PERMISSION_DENIED"
        self.check("was refused with PERMISSION_DENIED and is stored")

    # 3: one function.

    def test_a_seq_handed_out_twice(self):
        self.live[1]["event"] = event(3, "c-9", "another")
        self.check("seq 3 is two events")

    def test_history_differs_from_live(self):
        self.history["events"][2]["text"] = {"text": "changed"}
        self.check("seq 3 is two events")

    def test_a_sync_and_a_page_that_differ(self):
        self.page[1]["events"][1]["text"] = {"text": "changed"}
        self.check("seq 2 is two events")
        self.page, self.live = [], []
        self.synced["rooms"]["r"].append(event(2, "c-1", "changed"))
        self.check("seq 2 is two events")

    def test_history_changes_between_reads(self):
        self.more = [{**self.history, "events": self.history["events"][:1], "head": "1"}]
        self.check("differs from an earlier read")

    # 4: delivered, stored, invoked.

    def test_a_delivery_that_was_never_stored(self):
        self.live += live("bob", "s#1", [event(9, "c-4", "x")])
        self.check("was delivered and is not in history")

    def test_an_invented_message(self):
        self.history["events"][3]["id"] = "c-77"
        self.check("was never sent")

    def test_another_text(self):
        self.history["events"][3]["text"] = {"text": "not three"}
        self.check("stored with another text")

    def test_another_client(self):
        self.history["events"][3]["client"] = "forged"
        self.check("is stored with the client id forged")

    # 5, 6: what a subscriber puts together; pages.

    def test_deliveries_out_of_order_and_twice(self):
        self.live[0], self.live[1] = self.live[1], self.live[0]
        self.check("seq 2 came after 3")
        self.live = self.live[:1] * 2
        self.check("seq 3 came after 3")

    def test_a_gap_between_live_and_sync(self):
        self.live.pop(0)
        self.live.append({"r": "gone", "session": "s#1"})
        self.check("had no r seq [2], neither live nor by sync")

    def test_a_view_that_is_not_whole_at_rest(self):
        self.live.pop()
        self.check("has not all of r at rest: seq [4]")

    def test_a_session_that_never_synced_is_not_judged(self):
        self.live = [*live("bob", "s#2", self.events[3:]), {"r": "gone", "session": "s#2"}, *live("bob", "s#1", self.events[1:3]),
                     *live("bob", "s#1", self.events[3:])]
        self.assertEqual(self.found(), [])

    def test_a_page_with_a_hole(self):
        self.page[1]["events"].pop(1)
        self.check("no prefix of what follows")

    def test_a_page_that_is_cut_short_in_silence(self):
        self.page[1]["events"].pop()
        self.check("and says there is no more")

    def test_a_page_that_fails(self):
        self.page[1]["code"] = "INTERNAL"
        self.check("was answered INTERNAL: why")
        self.page[1]["code"] = "UNAVAILABLE"
        self.assertEqual(self.found(), [])

    def test_a_page_behind_an_ack(self):
        self.page = read(self.events[:1], 1)
        self.check("though seq 2 was acked before it was asked for")

    def test_a_head_that_falls(self):
        self.page += read(self.events[:2], 2, "q2")
        self.check("the head of r fell from 3 to 2")

    def test_pages_that_joined_are_another_read(self):
        self.more = [{"r": "pages", "how": "backwards", "room": "r", "events": self.events[1:]}]
        self.check("joined (backwards) are not what one read gives")

    # 7: order.

    def test_a_senders_order_turned(self):
        self.invoked[1], self.invoked[2] = self.invoked[2], self.invoked[1]
        self.check("was sent after another")

    def test_sent_after_an_ack_and_stored_before_it(self):
        self.invoked.append(self.invoked.pop(1))
        self.pubacks, self.ack = [], acked(3, 4)
        self.invoked = [sent(1, "one"), sent(3, "three"), self.ack, {**sent(2, "two"), "t": 9}, sent(4, "never stored")]
        self.ack = acked(1, 2)
        self.check("though seq 4 was acked before it was sent (7)")

    # 9: removal.

    def remove_carol(self):
        """carol is removed at 5, alice says something at 6, carol is back at 7."""
        self.history["events"] += [membership(5, ("carol", "REMOVED")), event(6, "c-4", "never stored"),
                                   membership(7, ("carol", "ADDED"))]
        self.history["head"] = "7"
        self.live += live("bob", "s#1", self.history["events"][4:])

    def test_the_removed_see_their_removal_on_their_own_topic_and_nothing_after(self):
        self.remove_carol()
        self.more = live("carol", "k#1", self.history["events"][3:5], own=True)
        self.assertEqual(self.found(), [])
        self.more = live("carol", "k#1", self.history["events"][5:6], own=True)
        self.check("r seq 6 reached carol")

    def test_the_removed_do_not_see_their_removal_on_the_rooms_topic(self):
        self.remove_carol()
        self.more = live("carol", "k#1", self.history["events"][6:])
        self.assertEqual(self.found(), [])
        self.more = live("carol", "k#1", self.history["events"][4:5])
        self.check("r seq 5 reached carol")

    def test_a_page_for_the_removed(self):
        self.remove_carol()
        self.more = read(self.history["events"][:6], 6, "q9", by="carol")
        self.check("carol read r up to seq 6, removed by then")

    def test_a_message_of_the_removed(self):
        self.remove_carol()
        self.history["events"][5].update(sender="carol", id="k-1", client="k")
        self.invoked.append({**sent(5, "never stored"), "user": "carol", "id": "k-1"})
        self.check("where carol was no member")

    def test_a_refusal_of_someone_who_was_removed_is_none(self):
        self.remove_carol()
        self.invoked.append({**sent(5, "x"), "user": "carol", "id": "k-1"})
        self.more = [{**acked(5, 0), "user": "carol", "id": "k-1", "code": "PERMISSION_DENIED"}]
        self.assertEqual(self.found(), [])

    # 10, 11: failing disks, healing.

    def test_an_end_without_a_reason(self):
        self.more = [{"r": "exit", "of": "mosquitto", "code": 1, "reason": "the store cannot be written: check the disk"}]
        self.assertEqual(self.found(), [])
        self.more[0]["reason"] = ""
        self.check("mosquitto ended with 1")
        self.more[0].update(reason="Segmentation fault", code=-11)
        self.check("mosquitto ended with -11")

    def test_slow_after_the_healing(self):
        self.invoked.insert(0, {"r": "heal", "bound": 5, "t": 0})
        self.check("never answered (11)")
        self.invoked.insert(2, {**acked(1, 2), "t": 8})
        self.check("was answered 7.0 s after it was sent")
        self.invoked.append({"r": "fault", "what": "a kill"})
        self.invoked.pop(2)
        self.assertEqual(self.found(), [])

    def test_memory_and_descriptors_that_grow(self):
        first = {"r": "resources", "of": "mosquitto", "descriptors": 40, "memory_kib": 20_000}
        self.more = [first, {**first, "descriptors": 200}]
        self.check("holds 200 descriptors, 40 at first")
        self.more = [first, {**first, "memory_kib": 900_000}]
        self.check("holds 900000 KiB")

    # 14: order by the log, not by the clock.

    def test_time_that_falls(self):
        self.history["events"][2]["tsMs"] = "1"
        self.check("time falls")

    def test_a_feed_that_does_not_rise(self):
        self.history["events"][2]["feed"] = "102"
        self.check("feed does not rise")

    def test_a_feed_of_two_rooms(self):
        other = {**event(1, "", "x"), "room": "q", "feed": "103"}
        self.more = [{**self.history, "room": "q", "events": [other], "head": "1"}]
        self.check("feed 103 stands in r and in q")


if __name__ == "__main__":
    unittest.main()
