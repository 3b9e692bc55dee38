"""Cursors by stock clients: they move forward only, reach the user's other devices, cost few writes, and survive
kill -9 once they are acknowledged."""
import json
import subprocess
import time

from tests.support.client import V5
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.raw import PUBACK, publish_packet
from tests.support.waiting import wait_until

INBOX = "chat/v1/users/{}/inbox/json"


class Cursors(ParleyTest):
    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member", "carol": "member"})
        self.topic = f"chat/v1/rooms/{self.lobby}/cursor/json"

    def device(self, user, **options):
        """A client that takes its user's inbox."""
        client = self.client(user, **options)
        client.subscribe(INBOX.format(user))
        return client

    def inbox(self, client):
        """The inbox items that arrived, in order."""
        with client.changed:
            return [json.loads(payload) for topic, payload, *_ in client.messages
                    if topic == INBOX.format(client.user)]

    def moved(self, client, room=None):
        """(read, delivered) of each cursor of this room that moved."""
        return [(int(item["cursorMoved"]["read"]), int(item["cursorMoved"]["delivered"]))
                for item in self.inbox(client)
                if "cursorMoved" in item and item["cursorMoved"]["room"] == (room or self.lobby)]

    def wait_moved(self, client, cursor, **options):
        client.wait(lambda: cursor in self.moved(client, **options), what=f"cursor {cursor}")

    def fill(self, count):
        """Messages of alice; returns the head."""
        session = self.raw("alice")
        session.send(b"".join(publish_packet(f"chat/v1/rooms/{self.lobby}/send/text", f"message {i}", packet_id=i)
                              for i in range(1, count + 1)))
        session.pump(lambda: all((PUBACK, i) in session.answers for i in range(1, count + 1)))
        return int(self.client("alice").say(self.lobby, "the last")["seq"])

    def test_a_cursor_reaches_the_users_other_device(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                head = self.fill(3)
                phone, laptop = self.client("bob", version=version), self.device("bob", version=version)
                stranger = self.client("alice")
                stranger.subscribe(INBOX.format("alice"))
                phone.publish_acknowledged(self.topic, {"read": str(head - 1), "delivered": head})
                self.wait_moved(laptop, (head - 1, head))
                item = self.inbox(laptop)[-1]
                self.assertEqual(item["cursorMoved"]["client"], phone.client_id)
                self.assertEqual({type(item[name]) for name in ("useq", "feed", "tsMs")}, {str})
                self.assertEqual(self.moved(stranger), [])
                self.assertNotIn("", phone.acks, "a cursor that was taken needs no ack")

    def test_stock_mosquitto_pub_moves_a_cursor(self):
        head = self.fill(2)
        laptop = self.device("bob")
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker.port), "-u", "bob", "-P", "pw-bob",
                        "-t", self.topic, "-m", json.dumps({"read": str(head)}), "-q", "1"], check=True, timeout=30)
        self.wait_moved(laptop, (head, head))

    def test_never_past_the_head_and_never_back(self):
        head = self.fill(4)
        phone, laptop = self.client("bob"), self.device("bob")
        phone.publish_acknowledged(self.topic, {"read": 3})
        self.wait_moved(laptop, (3, 3))
        phone.publish_acknowledged(self.topic, {"read": 2, "delivered": 1})  # nothing
        phone.publish_acknowledged(self.topic, {"delivered": head + 1000})
        self.wait_moved(laptop, (3, head))
        phone.publish_acknowledged(self.topic, {"read": 2**63})
        self.wait_moved(laptop, (head, head))
        moved = self.moved(laptop)
        self.assertEqual(moved, sorted(moved))
        self.assertNotIn("", phone.acks)

    def test_useq_has_no_gap_and_names_every_change(self):
        bob = self.device("bob")
        other = self.room({"alice": "owner", "bob": "member"})
        with self.make_admin() as admin:
            admin.command("setMemberRole", room=other, user="bob", role="moderator")
            admin.command("removeMember", room=other, user="bob")
        bob.request("users.update", displayName="Bob", about="here")
        bob.wait(lambda: any("profileChanged" in item for item in self.inbox(bob)), what="the profile")
        items = self.inbox(bob)
        kinds = [next(kind for kind in item if kind not in ("useq", "feed", "tsMs")) for item in items]
        self.assertEqual(kinds, ["roomAdded", "roleChanged", "roomRemoved", "profileChanged"])
        self.assertEqual(items[0]["roomAdded"]["room"], other)
        self.assertEqual(items[0]["roomAdded"]["kind"], "GROUP")
        self.assertEqual(items[1]["roleChanged"]["role"], "MODERATOR")
        self.assertEqual(items[2]["roomRemoved"]["change"], "REMOVED")
        first = int(items[0]["useq"])
        self.assertEqual([int(item["useq"]) for item in items], list(range(first, first + 4)))

    def test_what_is_no_cursor_or_not_ones_own_is_refused(self):
        self.fill(1)
        bob, mallory = self.client("bob"), self.client("mallory", version=V5)
        for payload, code in (({"read": -1}, "INVALID_ARGUMENT"), ({}, "INVALID_ARGUMENT"), (b"{", "INVALID_ARGUMENT"),
                              ({"read": 1, "user": "alice"}, "INVALID_ARGUMENT"),
                              (b" " * 2000, "RESOURCE_EXHAUSTED")):
            with self.subTest(payload=payload):
                bob.publish(self.topic, payload)
                self.assertEqual(bob.ack("")["code"], code)
        mallory.publish(self.topic, {"read": 1})
        self.assertEqual(mallory.ack("")["code"], "PERMISSION_DENIED")
        bob.publish("chat/v1/rooms/nowhere/cursor/json", {"read": 1})
        self.assertEqual(bob.ack("")["code"], "NOT_FOUND")
        with self.make_admin() as admin:
            admin.command("removeMember", room=self.lobby, user="bob")
        bob.publish(self.topic, {"read": 1})
        ack = bob.ack("")
        self.assertEqual((ack["code"], ack["room"]), ("PERMISSION_DENIED", self.lobby))

    def test_a_burst_costs_few_commands(self):
        head = self.fill(200)
        laptop = self.device("bob")
        session = self.raw("bob")
        with self.make_admin() as admin:
            before = admin.command("stats")
            start = time.monotonic()
            session.send(b"".join(publish_packet(self.topic, json.dumps({"read": 1 + i * (head - 1) // 1000}),
                                                 packet_id=i) for i in range(1, 1001)))
            session.pump(lambda: all((PUBACK, i) in session.answers for i in range(1, 1001)))
            self.wait_moved(laptop, (head, head))
            took = time.monotonic() - start
            after = admin.command("stats")
        cost = after["commandsAppended"] - before["commandsAppended"]
        self.assertLessEqual(cost, took / 0.25 + 2)
        self.assertGreaterEqual(after["cursorsMerged"] - before["cursorsMerged"], 1000 - 1 - 2 * cost)
        wait_until(lambda: self.admin().command("stats")["cursorsHeld"] == 0, 10, "nothing is held")

    def test_an_acknowledged_cursor_survives_kill_9(self):
        """The first one is in the journal, those that follow at once are held: both were acknowledged."""
        for round_number in range(3):
            with self.subTest(round=round_number):
                head = self.fill(5)
                session = self.raw("bob")
                packets = [publish_packet(self.topic, json.dumps({"read": head - 4 + i}), packet_id=i)
                           for i in range(1, 4)]
                session.send(b"".join(packets))
                session.pump(lambda: all((PUBACK, i) in session.answers for i in range(1, 4)))
                self.broker.kill9()
                self.broker.start_broker()
                laptop = self.device("bob")
                self.client("bob").publish_acknowledged(self.topic, {"delivered": head})
                self.wait_moved(laptop, (head - 1, head))
                self.assertEqual(self.moved(laptop)[-1], (head - 1, head))

    def test_a_held_cursor_is_stored_by_an_ordinary_stop(self):
        head = self.fill(5)
        session = self.raw("bob")
        session.send(b"".join(publish_packet(self.topic, json.dumps({"read": head - 3 + i}), packet_id=i)
                              for i in (1, 2)))
        session.pump(lambda: all((PUBACK, i) in session.answers for i in (1, 2)))
        self.broker.restart()
        self.assertNotIn("held cursors", self.broker.broker.log())
        laptop = self.device("bob")
        self.client("bob").publish_acknowledged(self.topic, {"delivered": head})
        self.wait_moved(laptop, (head - 1, head))

    def test_the_receipts_of_a_room_are_for_its_members(self):
        receipts = f"chat/v1/rooms/{self.lobby}/receipts/json"
        self.client("bob").subscribe(receipts)
        self.assertGreaterEqual(self.client("mallory").subscribe_code(receipts), 0x80)
        alice = self.client("alice")
        alice.publish(receipts, {"room": self.lobby, "user": "bob"})
        self.assertEqual(alice.ack("")["code"], "PERMISSION_DENIED")


if __name__ == "__main__":
    main()
