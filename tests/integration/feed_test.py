"""The change feed as an administrator sees it: who follows it and how far, dead letters listed, replayed and dropped."""
import json
import os
import time

from tests.support import feed_rows
from tests.support.cli_test import INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE, USAGE, CliTest
from tests.support.parley_test import main
from tests.support.waiting import wait_until


class FeedTest(CliTest):
    @property
    def store(self):
        return os.path.join(self.broker.data, "store")

    @property
    def local(self):
        return os.path.join(self.broker.data, "bridge/store")

    def consumer(self, admin, name="totals"):
        return next(each for each in admin.command("listFeedConsumers")["consumers"] if each["consumer"] == name)

    def wait_caught_up(self, admin, name="totals"):
        def there():
            status = self.consumer(admin, name)
            return status if status["running"] and status["offset"] == status["head"] != "0" else None
        return wait_until(there, 30, f"{name} has caught up")

    def letters(self, admin, consumer="totals", **fields):
        return admin.command("listDeadLetters", consumer=consumer, **fields)["deadLetters"]

    def stop_both(self):
        self.broker.stop()

    def start_both(self):
        self.broker.start_broker()
        self.broker.start_bridge()


class Recount(FeedTest):
    def test_what_totals_keeps_is_what_a_recount_says(self):
        alice, admin = self.client("alice"), self.admin()
        for number in range(20):
            alice.say(self.lobby, f"message {number}")
        status = self.wait_caught_up(admin)
        self.assertEqual((status["lagEntries"], status["lagMs"], status["deadLetters"]), (0, 0, 0), status)
        self.assertEqual(feed_rows.kept(self.local), feed_rows.recount(self.store))
        # A restart of either goes on where it was.
        for restart in (self.broker.bridge.stop, self.broker.bridge.kill, self.broker.kill9):
            before = self.consumer(admin)["offset"]
            restart()
            if restart == self.broker.kill9:
                self.broker.start_broker()
                alice, admin = self.reconnect(alice), self.admin()
            else:
                self.broker.start_bridge()
            alice.say(self.lobby, "after a restart")
            status = self.wait_caught_up(admin)
            self.assertGreater(int(status["offset"]), int(before))
            self.assertEqual(feed_rows.kept(self.local), feed_rows.recount(self.store))


class DeadLetters(FeedTest):
    def damage_two(self):
        """Two messages of a new room that `totals` has not seen are damaged. (rid, {seq: row})."""
        room = self.room({"alice": "owner"})
        with self.make_admin() as admin:
            self.wait_caught_up(admin)
        self.broker.bridge.stop()
        alice = self.client("alice")
        for text in ("one", "two", "three", "the newest one is read by the broker"):
            alice.say(room, text)
        alice.close()
        self.stop_both()
        rid = feed_rows.room_id(self.store, room)
        whole = {seq: dict(feed_rows.rows(self.store, "events", feed_rows.event_key(rid, seq)))[feed_rows.event_key(rid, seq)]
                 for seq in (2, 3)}
        for seq in whole:
            feed_rows.put(self.store, "events", feed_rows.event_key(rid, seq), b"?")
        self.start_both()
        return rid, whole

    def mend(self, rid, whole):
        self.stop_both()
        for seq, row in whole.items():
            feed_rows.put(self.store, "events", feed_rows.event_key(rid, seq), row)
        self.start_both()

    def test_dead_letters_by_control(self):
        rid, whole = self.damage_two()
        admin = self.admin()
        letters = wait_until(lambda: self.letters(admin) if len(self.letters(admin)) == 2 else None, 30, "two dead letters")
        status = self.wait_caught_up(admin)
        self.assertEqual((status["deadLetters"], status["retries"]), (2, 10), status)
        for letter in letters:
            self.assertEqual((letter["consumer"], letter["tries"], letter["replay"]), ("totals", 5, False))
            self.assertIn("damaged", letter["reason"])
            self.assertLess(abs(int(letter["parkedMs"]) / 1000 - time.time()), 60)
        first, second = (letter["index"] for letter in letters)
        self.assertEqual([each["index"] for each in self.letters(admin, after=first)], [second])
        self.assertEqual([each["index"] for each in self.letters(admin, limit=1)], [first])
        self.assertEqual(admin.command("replayDeadLetter", consumer="totals", index=first), {"replaying": 1})
        again = wait_until(lambda: next((each for each in self.letters(admin) if each["tries"] == 6), None), 30, "tried again, in vain")
        self.assertEqual((again["index"], again["replay"]), (first, False))
        # They outlive restarts, and a replay of what is whole again is the end of them.
        self.mend(rid, whole)
        admin = self.admin()
        wait_until(lambda: len(self.letters(admin)) == 2, 30, "still there")
        self.assertEqual(admin.command("replayDeadLetters", consumer="totals"), {"replaying": 2})
        wait_until(lambda: not self.letters(admin), 30, "all are handled")
        entries, _, rooms = feed_rows.kept(self.local)
        recounted = feed_rows.recount(self.store)
        self.assertEqual((entries, rooms), (recounted[0], recounted[2]))

    def test_dead_letters_by_the_command_line(self):
        rid, whole = self.damage_two()
        admin = self.admin()
        wait_until(lambda: len(self.letters(admin)) == 2, 30, "two dead letters")
        out, _ = self.admin_parley("admin", "feed")
        self.assertIn("totals", out)
        listed = self.json_lines(self.admin_parley("--json", "admin", "dead-letters", "list", "totals")[0])
        self.assertEqual(len(listed), 2, listed)
        out, _ = self.admin_parley("admin", "dead-letters", "list")
        self.assertIn("damaged", out)
        self.admin_parley("admin", "dead-letters", "drop", "totals", listed[0]["index"])
        self.assertEqual([each["index"] for each in self.letters(admin)], [listed[1]["index"]])
        self.admin_parley("admin", "dead-letters", "drop", "totals", listed[0]["index"], code=NOT_FOUND)
        self.mend(rid, whole)
        self.admin_parley("admin", "dead-letters", "replay", "totals")
        admin = self.admin()
        wait_until(lambda: not self.letters(admin), 30, "all are gone")
        self.admin_parley("admin", "dead-letters", "drop", "totals", code=NOT_FOUND)
        self.admin_parley("admin", "dead-letters", "bury", "totals", code=USAGE)

    def test_what_cannot_be_is_said(self):
        admin = self.admin()

        def code(name, **fields):
            return admin.control({"command": name, **fields})[0].get("code")
        self.assertEqual(code("listDeadLetters", consumer="nobody"), "NOT_FOUND")
        self.assertEqual(code("listDeadLetters", consumer=7), "INVALID_ARGUMENT")
        self.assertEqual(code("listDeadLetters", after="x"), "INVALID_ARGUMENT")
        self.assertEqual(code("replayDeadLetter", consumer="totals"), "INVALID_ARGUMENT")
        self.assertEqual(code("dropDeadLetters"), "INVALID_ARGUMENT")
        self.assertEqual(code("dropDeadLetter", consumer="totals", index=1), "NOT_FOUND")
        self.admin_parley("admin", "dead-letters", "drop", "totals", "many", code=INVALID_ARGUMENT)
        # No client's request can name them, and a list goes on behind a command of the bridge.
        alice = self.client("alice")
        for method in ("admin.listFeedConsumers", "listFeedConsumers"):
            self.assertEqual(alice.request(method)["code"], "UNIMPLEMENTED")
        answers = admin.control({"command": "listFeedConsumers"}, {"command": "stats"}, {"command": "listDeadLetters"})
        self.assertEqual([answer["command"] for answer in answers], ["listFeedConsumers", "stats", "listDeadLetters"])
        self.assertNotIn("error", json.dumps(answers))

    def test_without_a_bridge_they_are_unavailable(self):
        admin = self.admin()
        self.broker.bridge.stop()
        try:
            wait_until(lambda: not admin.command("stats")["bridgeConnected"], 10, "the bridge is away")
            self.assertEqual(admin.control({"command": "listFeedConsumers"})[0]["code"], "UNAVAILABLE")
            self.admin_parley("admin", "feed", code=UNAVAILABLE)
        finally:
            self.broker.start_bridge()
        self.wait_caught_up(admin)


class Receipts(FeedTest):
    """What the consumer `receipts` tells a room, as stock subscribers hear it."""

    def receipts(self, client, room):
        topic = f"chat/v1/rooms/{room}/receipts/json"
        return [json.loads(payload) for at, payload, _, _ in list(client.messages) if at == topic]

    def move(self, client, room, **cursor):
        client.publish_acknowledged(f"chat/v1/rooms/{room}/cursor/json", cursor)

    def test_a_cursor_that_moves_is_told_to_the_room(self):
        alice, bob = self.client("alice"), self.client("bob")
        for client in (alice, bob):
            client.subscribe(f"chat/v1/rooms/{self.lobby}/receipts/json")
        for number in range(5):
            alice.say(self.lobby, f"message {number}")
        self.move(bob, self.lobby, read="3", delivered="5")
        for client in (alice, bob):
            client.wait(lambda c=client: self.receipts(c, self.lobby), 20, "a receipt")
            receipt = self.receipts(client, self.lobby)[0]
            self.assertEqual((receipt["room"], receipt["user"], receipt["read"], receipt["delivered"], receipt["countsOnly"]),
                             (self.lobby, "bob", "3", "5", False))
            self.assertLess(abs(int(receipt["tsMs"]) / 1000 - time.time()), 60)
        # A restart of the bridge repeats nothing old, and goes on.
        self.broker.bridge.kill()
        self.move(bob, self.lobby, read="6", delivered="6")
        self.broker.start_bridge()
        alice.wait(lambda: self.receipts(alice, self.lobby)[-1]["read"] == "6", 20, "the receipt of what moved meanwhile")
        self.assertEqual(len({receipt["read"] for receipt in self.receipts(alice, self.lobby)}), 2)

    def test_a_stranger_hears_nothing(self):
        carol = self.client("carol")
        self.assertGreaterEqual(carol.subscribe_code(f"chat/v1/rooms/{self.lobby}/receipts/json"), 0x80)

    def test_a_big_room_is_told_counts(self):
        admin = self.admin()
        names = [f"big-{number}" for number in range(200)]
        for response in admin.control(*[{"command": "createUser", "username": name} for name in names], timeout=60):
            self.assertNotIn("error", response)
        room = self.room({"alice": "owner", "bob": "member", **{name: "member" for name in names}})
        alice, bob = self.client("alice"), self.client("bob")
        alice.subscribe(f"chat/v1/rooms/{room}/receipts/json")
        seq = alice.say(room, "hello all")["seq"]
        self.move(bob, room, read=seq, delivered=seq)
        alice.wait(lambda: self.receipts(alice, room), 20, "counts")
        receipt = self.receipts(alice, room)[-1]
        self.assertEqual((receipt["user"], receipt["countsOnly"], receipt["seq"], receipt["members"]), ("", True, seq, 202))
        self.assertGreaterEqual(receipt["readBy"], 1)


if __name__ == "__main__":
    main()
