"""Membership bites by seq: whoever is removed gets nothing after, whoever is added everything since, on any path,
also when the change and the messages around it meet in one batch."""
import json

from tests.support.client import Client, new_id
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import PUBACK, publish_packet


def changes(events):
    """(user, change) of all membership events."""
    return [(change["user"], change["change"]) for event in events
            for change in event.get("membership", {}).get("changes", [])]


class Membership(ParleyTest):
    def setUp(self):
        self.name, self.password = self.broker.credentials()
        # The administrator is a member here, so that posts and changes can come from one connection, in a known order.
        self.lobby = self.room({self.name: "owner", "alice": "member", "bob": "member"})
        self.room_topic = f"chat/v1/rooms/{self.lobby}/events/json"

    def watcher(self, user, room_topic=True):
        client = self.client(user)
        client.subscribe(f"chat/v1/users/{user}/events/json")
        if room_topic:
            client.subscribe(self.room_topic)
        return client

    def on(self, client, topic):
        return client.seen(self.lobby, topic)

    def burst(self, steps):
        """Publishes posts and control commands from one connection in one write; waits for the last PUBACK."""
        session = self.raw_admin()
        packets = []
        for number, (kind, value) in enumerate(steps, 1):
            if kind == "post":
                topic = f"chat/v1/rooms/{self.lobby}/send/json"
                payload = json.dumps({"id": new_id(), "text": {"text": value}})
            else:
                topic, payload = "$CONTROL/parley/v1", json.dumps({"commands": [
                    {"command": kind, "room": self.lobby, **value}]})
            packets.append(publish_packet(topic, payload, packet_id=number))
        session.send(b"".join(packets))
        session.pump(lambda: all((PUBACK, n) in session.answers for n in range(1, len(steps) + 1)))

    def raw_admin(self):
        from tests.support.raw import Session
        session = Session(self.broker.port, self.name, self.password, f"burst-{new_id()[:8]}")
        self.addCleanup(session.close)
        return session

    def settle(self, *clients):
        """Everything before has been delivered to these clients once a later message has: their own direct room."""
        for client in clients:
            peer = "carol" if client.user != "carol" else "alice"
            room = "dm:" + ":".join(sorted((client.user, peer)))
            client.wait_event(client.send(room, "settled"), topic=f"chat/v1/users/{client.user}/events/json")

    def test_a_removed_member_sees_the_removal_and_nothing_after(self):
        alice, bob, admin = self.watcher("alice"), self.watcher("bob"), self.admin()
        alice.say(self.lobby, "before")
        admin.command("removeMember", room=self.lobby, user="bob")
        refused = bob.send(self.lobby, "not any more")
        self.assertEqual(bob.ack(refused)["code"], "PERMISSION_DENIED")
        alice.say(self.lobby, "after")
        self.settle(alice, bob)
        users_topic = "chat/v1/users/bob/events/json"
        self.assertEqual(self.texts(self.on(bob, users_topic)), ["before"])
        self.assertEqual(changes(self.on(bob, users_topic)), [("bob", "REMOVED")])
        self.assertEqual(self.texts(self.on(bob, self.room_topic)), ["before"])
        self.assertEqual(changes(self.on(bob, self.room_topic)), [], "the room's topic is closed by then")
        self.assertEqual(changes(self.on(alice, self.room_topic)), [("bob", "REMOVED")])
        self.assertGreaterEqual(bob.subscribe_code(self.room_topic), 0x80)
        self.assertEqual(bob.disconnects, 0)

    def test_a_stored_id_is_answered_after_the_removal(self):
        bob, admin = self.watcher("bob"), self.admin()
        first = bob.say(self.lobby, "mine", message_id="mine-1")
        admin.command("removeMember", room=self.lobby, user="bob")
        bob.send(self.lobby, "mine", message_id="mine-1")
        again = bob.ack("mine-1")
        self.assertEqual((again["code"], again["seq"], again["duplicate"]), ("OK", first["seq"], True))

    def test_an_added_member_sees_their_addition_and_all_after(self):
        carol, admin, alice = self.watcher("carol", room_topic=False), self.admin(), self.client("alice")
        alice.say(self.lobby, "before")
        admin.command("addMember", room=self.lobby, user="carol", role="member")
        carol.subscribe(self.room_topic)
        carol.say(self.lobby, "hello")
        alice.say(self.lobby, "after")
        self.settle(carol)
        mine = self.on(carol, "chat/v1/users/carol/events/json")
        self.assertEqual(changes(mine), [("carol", "ADDED")])
        self.assertEqual(self.texts(mine), ["hello", "after"])

    def test_the_names_of_the_changes(self):
        alice, admin = self.watcher("alice"), self.admin()
        admin.command("addMember", room=self.lobby, user="carol", role="reader")
        admin.command("setMemberRole", room=self.lobby, user="carol", role="moderator")
        admin.command("removeMember", room=self.lobby, user="carol")
        self.settle(alice)
        events = [e for e in self.on(alice, self.room_topic) if "membership" in e]
        self.assertEqual([e["membership"]["changes"][0] for e in events],
                         [{"user": "carol", "change": "ADDED", "role": "READER", "by": self.name},
                          {"user": "carol", "change": "ROLE_CHANGED", "role": "MODERATOR", "by": self.name},
                          {"user": "carol", "change": "REMOVED", "role": "MODERATOR", "by": self.name}])

    def test_a_reader_reads_and_does_not_send(self):
        admin = self.admin()
        admin.command("addMember", room=self.lobby, user="carol", role="reader")
        carol = self.watcher("carol")
        self.assertEqual(carol.ack(carol.send(self.lobby, "no"))["code"], "PERMISSION_DENIED")
        self.client("alice").say(self.lobby, "yes")
        carol.wait(lambda: "yes" in self.texts(carol.seen(self.lobby)))

    def test_post_add_post_in_one_batch(self):
        for _ in range(10):
            with self.subTest(_):
                self.lobby = self.room({self.name: "owner", "alice": "member"})
                self.room_topic = f"chat/v1/rooms/{self.lobby}/events/json"
                alice, carol = self.watcher("alice"), self.watcher("carol", room_topic=False)
                self.burst([("post", "a"), ("addMember", {"user": "carol", "role": "member"}), ("post", "b")])
                self.settle(alice, carol)
                mine = self.on(carol, "chat/v1/users/carol/events/json")
                self.assertEqual((changes(mine), self.texts(mine)), ([("carol", "ADDED")], ["b"]))
                self.assertEqual(self.texts(self.on(alice, self.room_topic)), ["a", "b"])
                alice.close()
                carol.close()

    def test_post_remove_post_in_one_batch(self):
        for _ in range(10):
            with self.subTest(_):
                self.lobby = self.room({self.name: "owner", "alice": "member", "bob": "member"})
                self.room_topic = f"chat/v1/rooms/{self.lobby}/events/json"
                alice, bob = self.watcher("alice"), self.watcher("bob")
                self.burst([("post", "a"), ("removeMember", {"user": "bob"}), ("post", "b")])
                self.settle(alice, bob)
                mine = self.on(bob, "chat/v1/users/bob/events/json")
                self.assertEqual((self.texts(mine), changes(mine)), (["a"], [("bob", "REMOVED")]))
                self.assertEqual(self.texts(self.on(bob, self.room_topic)), ["a"])
                self.assertEqual(self.texts(self.on(alice, self.room_topic)), ["a", "b"])
                alice.close()
                bob.close()

    def test_remove_and_add_again_in_one_batch(self):
        alice, bob = self.watcher("alice"), self.watcher("bob")
        self.burst([("post", "a"), ("removeMember", {"user": "bob"}), ("post", "b"),
                    ("addMember", {"user": "bob", "role": "member"}), ("post", "c")])
        self.settle(alice, bob)
        mine = self.on(bob, "chat/v1/users/bob/events/json")
        self.assertEqual(self.texts(mine), ["a", "c"])
        self.assertEqual(changes(mine), [("bob", "REMOVED"), ("bob", "ADDED")])
        self.assertEqual(self.texts(self.on(bob, self.room_topic)), ["a", "c"], "the subscription was never lost")
        self.assertEqual(self.texts(self.on(alice, self.room_topic)), ["a", "b", "c"])

    def test_many_clients_in_one_batch_see_exactly_their_part(self):
        """Several senders and membership changes are put before a paused broker, so that they are taken in one pass in an
        order that only the broker knows. By the owner's full view each member must have seen exactly their part."""
        for turn in range(5):
            with self.subTest(turn):
                self.lobby = self.room({self.name: "owner", "alice": "member", "bob": "member"})
                self.room_topic = f"chat/v1/rooms/{self.lobby}/events/json"
                owner = self.client_of_admin()
                watchers = {user: self.watcher(user, room_topic=user != "carol") for user in ("alice", "bob", "carol")}
                posters = [self.raw(user) for user in ("alice", "alice", "bob", "bob")]
                controller = self.raw_admin()
                self.broker.pause()
                try:
                    for number, poster in enumerate(posters):
                        poster.send(b"".join(publish_packet(
                            f"chat/v1/rooms/{self.lobby}/send/json",
                            json.dumps({"id": new_id(), "text": {"text": f"{number}-{i}"}}), packet_id=i + 1)
                            for i in range(20)))
                    controller.send(b"".join(publish_packet("$CONTROL/parley/v1", json.dumps({"commands": [command]}),
                                                            packet_id=i + 1) for i, command in enumerate((
                        {"command": "addMember", "room": self.lobby, "user": "carol", "role": "member"},
                        {"command": "removeMember", "room": self.lobby, "user": "bob"}))))
                finally:
                    self.broker.resume()
                for poster in posters:
                    poster.pump(lambda p=poster: len(p.answers) == 20)
                controller.pump(lambda: len(controller.answers) == 2)
                self.settle(*watchers.values())
                owner.wait_event(owner.send(self.lobby, "end"), topic=self.room_topic)
                view = self.on(owner, self.room_topic)
                self.assert_contiguous(view, first=int(view[0]["seq"]))
                seq_of = {change: int(event["seq"]) for event in view for change in changes([event])}
                added, removed = seq_of[("carol", "ADDED")], seq_of[("bob", "REMOVED")]
                parts = {"alice": lambda seq: True, "bob": lambda seq: seq <= removed, "carol": lambda seq: seq >= added}
                for user, may_see in parts.items():
                    got = self.on(watchers[user], f"chat/v1/users/{user}/events/json")
                    expected = [e for e in view if may_see(int(e["seq"]))
                                and e.get("text", {}).get("text") != "end"]
                    self.assertEqual([e for e in got if e.get("text", {}).get("text") != "end"], expected, user)
                in_room = [int(e["seq"]) for e in self.on(watchers["bob"], self.room_topic)]
                self.assertEqual(in_room, [int(e["seq"]) for e in view if int(e["seq"]) < removed])
                for client in (owner, *watchers.values()):
                    client.close()
                for session in (*posters, controller):
                    session.close()

    def client_of_admin(self):
        client = Client(self.broker, self.name, self.password)
        self.addCleanup(client.close)
        client.connect()
        client.subscribe(self.room_topic)
        return client

    def test_rights_apply_once_the_reply_is_seen(self):
        admin, carol = self.admin(), self.client("carol")
        for _ in range(10):
            admin.command("addMember", room=self.lobby, user="carol", role="member")
            self.assertLess(carol.subscribe_code(self.room_topic), 0x80)
            carol.say(self.lobby, "in")
            admin.command("removeMember", room=self.lobby, user="carol")
            self.assertEqual(carol.ack(carol.send(self.lobby, "out"))["code"], "PERMISSION_DENIED")
            self.assertGreaterEqual(carol.subscribe_code(self.room_topic), 0x80)


if __name__ == "__main__":
    main()
