"""Rewind by subscription: each SUBSCRIBE asks once for the last n stored events that this user may read."""
import json

from tests.support.client import new_id
from tests.support.parley_test import V5, VERSIONS, ParleyTest, main


class Rewind(ParleyTest):
    BRIDGE = True

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})

    def topic(self, n, encoding="json", room=None):
        return f"chat/v1/rooms/{room or self.lobby}/rewind/{n}/{encoding}"

    def fill(self, count, size=0):
        alice = self.client("alice")
        ids = [alice.send(self.lobby, f"m{i}" + "x" * size) for i in range(count)]
        alice.wait(lambda: all(i in alice.acks for i in ids), 30)
        return alice

    def got(self, client, room=None):
        topic = f"chat/v1/rooms/{room or self.lobby}/events/json"
        return [json.loads(m[1]) for m in list(client.messages) if m[0] == topic]

    def settle(self, client):
        """What the broker had to deliver before has been delivered."""
        room = "dm:" + ":".join(sorted((client.user, "carol")))
        client.subscribe(f"chat/v1/users/{client.user}/events/json")
        for _ in range(3):
            client.wait_event(client.send(room, "settled"))

    def test_the_last_n_oldest_first_each_time_it_is_asked_for(self):
        self.fill(30)
        for version in VERSIONS:
            bob = self.client("bob", version=version)
            bob.subscribe(self.topic(5))
            bob.wait(lambda: len(self.got(bob)) == 5)
            self.assertEqual([int(e["seq"]) for e in self.got(bob)], [27, 28, 29, 30, 31])
            self.assertEqual(self.got(bob), bob.history(self.lobby)[-5:], "as history has it")
            bob.subscribe(self.topic(1000))
            bob.wait(lambda: len(self.got(bob)) == 36)
            self.assertEqual([int(e["seq"]) for e in self.got(bob)[5:]], list(range(1, 32)))
            self.assertEqual({m[2] for m in bob.messages if m[0].endswith("/events/json")}, {1}, "at its QoS")

    def test_at_the_subscriptions_qos_and_in_its_encoding(self):
        self.fill(3)
        for qos in (0, 1, 2):
            bob = self.client("bob", version=V5)
            bob.mqtt.subscribe(self.topic(2, "pb"), qos)
            bob.wait(lambda: len([m for m in bob.messages if m[0].endswith("/events/pb")]) == 2)
            self.assertEqual({m[2] for m in bob.messages if m[0].endswith("/events/pb")}, {qos})

    def test_with_live_events_nothing_is_missing(self):
        alice = self.client("alice")
        for round_ in range(5):
            ids = [alice.send(self.lobby, f"{round_} {i}") for i in range(60)]
            bob = self.client("bob")
            bob.mqtt.subscribe([(self.topic(1000), 1), (f"chat/v1/rooms/{self.lobby}/events/json", 1)])
            ids += [alice.send(self.lobby, f"{round_} and {i}") for i in range(60)]
            alice.wait(lambda: all(i in alice.acks for i in ids), 30)
            every = set(range(1, 2 + 120 * (round_ + 1)))
            bob.wait(lambda: {int(e["seq"]) for e in self.got(bob)} == every, 20, "all events")
            bob.close()

    def test_other_numbers_wildcards_and_shares_are_refused(self):
        self.fill(3)
        refused = [self.topic(n) for n in ("0", "1001", "-1", "01", "5.0", "x", "%20", "+", "99999999999999999999")]
        refused += [self.topic(5, "+"), self.topic(5, "text"), self.topic(5) + "/more", "$share/g/" + self.topic(5),
                    "chat/v1/rooms/+/rewind/5/json", f"chat/v1/rooms/{self.lobby}/rewind/#",
                    f"chat/v1/rooms/{self.lobby}/rewind/5", self.topic(5, room="no-such-room"),
                    self.topic(5, room="dm:carol:mallory")]
        for version in VERSIONS:
            bob, admin = self.client("bob", version=version), self.admin()
            for filter_ in refused:
                with self.subTest(filter_):
                    self.assertGreaterEqual(bob.subscribe_code(filter_), 0x80)
                    if "rewind" in filter_:
                        self.assertGreaterEqual(admin.subscribe_code(filter_), 0x80, "an admin is no member")
            self.settle(bob)
            self.assertEqual(self.got(bob), [])

    def test_strangers_and_the_removed_get_nothing(self):
        self.fill(3)
        mallory, bob = self.client("mallory"), self.client("bob")
        self.assertGreaterEqual(mallory.subscribe_code(self.topic(5)), 0x80)
        with self.make_admin() as admin:
            admin.command("removeMember", room=self.lobby, user="bob")
        self.assertGreaterEqual(bob.subscribe_code(self.topic(5)), 0x80)
        self.settle(bob)
        self.assertEqual(self.got(bob) + self.got(mallory), [])

    def test_by_the_present_membership(self):
        room = f"since-{new_id()[:8]}"
        alice, bob, carol = self.client("alice"), self.client("bob"), self.client("carol")
        alice.request("rooms.create", room=room, history="SINCE_JOIN", members=[{"user": "bob"}, {"user": "carol"}])
        alice.say(room, "one")
        for method in ("members.remove", "members.add"):
            self.assertEqual(alice.request(method, room=room, user="bob")["code"], "OK")
        alice.say(room, "two")
        for client, first in ((bob, 4), (carol, 1)):
            client.subscribe(self.topic(1000, room=room))
            client.wait(lambda: len(self.got(client, room)) == 6 - first)
            self.assertEqual([int(e["seq"]) for e in self.got(client, room)], list(range(first, 6)))
            self.assertEqual(client.request("history.page", room=room)["first"], str(first), "as history")
            state = [r for r in client.request("sync", cursor="0", limit=1000)["rooms"] if r["room"] == room][0]
            self.assertEqual([int(e["seq"]) for e in state["events"]], list(range(first, 6)), "as sync")

    def test_at_most_a_megabyte(self):
        self.fill(40, size=40_000)
        bob = self.client("bob")
        bob.subscribe(self.topic(1000))
        bob.wait(lambda: self.got(bob) and self.got(bob)[-1]["seq"] == "41", 30)
        bytes_ = sum(len(m[1]) for m in bob.messages if m[0].endswith("/events/json"))
        self.assertLessEqual(bytes_, 1024 * 1024)
        self.assertGreater(bytes_, 1024 * 1024 - 45_000)

    def test_our_own_kicks_start_none(self):
        self.fill(5)
        with self.make_admin() as admin:
            bob = self.client("bob", clean=False)
            bob.subscribe(self.topic(3))
            bob.wait(lambda: len(self.got(bob)) == 3)
            self.settle(bob)  # or what is not acknowledged yet comes again
            bob.connack = None
            admin.command("kick", client=bob.client_id)
            bob.wait(lambda: bob.disconnects and bob.connack == 0, 15, "kicked, and back by itself")
            self.settle(bob)
            self.assertEqual([e["seq"] for e in self.got(bob)], ["4", "5", "6"])

    def test_many_at_once(self):
        self.fill(10)

        bob = self.client("bob")
        bob.mqtt.subscribe([(self.topic(n), 1) for n in range(1, 31)])
        bob.wait(lambda: len(self.got(bob)) == sum(min(n, 11) for n in range(1, 31)), 20)

    def test_a_direct_room(self):
        bob = self.client("bob")
        bob.subscribe(self.topic(5, room="dm:bob:mallory"))
        bob.say("dm:bob:mallory", "psst")
        mallory = self.client("mallory")
        mallory.subscribe(self.topic(5, room="dm:bob:mallory"))
        mallory.wait(lambda: self.texts(self.got(mallory, "dm:bob:mallory")) == ["psst"])
        self.assertGreaterEqual(self.client("alice").subscribe_code(self.topic(5, room="dm:bob:mallory")), 0x80)


if __name__ == "__main__":
    main()
