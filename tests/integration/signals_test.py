"""Signals: what is said in passing, by stock clients of both versions, in both encodings."""
import json

from tests.support import wire
from tests.support.raw import Closed
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.waiting import wait_until

TYPING_MS = 700
SIGNALS_PER_SECOND = 20
# Field numbers of Signal and of its kinds.
ROOM, SENDER, CLIENT, KIND, TO, DATA, TS_MS = range(1, 8)
TYPING_START = 1


class Signals(ParleyTest):
    PLUGIN_OPTIONS = (f"plugin_opt_parley_typing_timeout_ms {TYPING_MS}",)

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member", "carol": "reader"})

    def topic(self, encoding="json", room=None):
        return f"chat/v1/rooms/{room or self.lobby}/signals/{encoding}"

    def signals(self, client, encoding="json"):
        with client.changed:
            raw = [payload for topic, payload, _, _ in client.messages if topic == self.topic(encoding)]
        return [json.loads(payload) for payload in raw] if encoding == "json" else [wire.fields(p) for p in raw]

    def listener(self, user, **options):
        client = self.client(user, **options)
        for encoding in ("json", "pb"):
            client.subscribe(self.topic(encoding))
        return client

    def settle(self, client):
        """What the broker had to deliver before has been delivered."""
        room = "dm:" + ":".join(sorted((client.user, "bob" if client.user != "bob" else "alice")))
        client.subscribe(f"chat/v1/users/{client.user}/events/json")
        for _ in range(3):
            client.wait_event(client.send(room, "settled"))

    def test_in_both_encodings_and_stamped_by_the_server(self):
        for version in VERSIONS:
            for sends in ("json", "pb"):
                with self.subTest(version=version, sends=sends):
                    alice, bob = self.client("alice", version=version), self.listener("bob", version=version)
                    if sends == "json":
                        forged = json.dumps({"kind": "TYPING_START", "sender": "bob", "client": "x", "room": "y"})
                    else:
                        forged = wire.message((ROOM, "y"), (SENDER, "bob"), (CLIENT, "x"), (KIND, TYPING_START))
                    alice.publish(self.topic(sends), forged, qos=0)
                    bob.wait(lambda b=bob: self.signals(b) and self.signals(b, "pb"))
                    said = self.signals(bob)[0]
                    self.assertEqual((said["room"], said["sender"], said["client"], said["kind"]),
                                     (self.lobby, "alice", alice.client_id, "TYPING_START"))
                    self.assertGreater(int(said["tsMs"]), 1_600_000_000_000)
                    fields = self.signals(bob, "pb")[0]
                    self.assertEqual(fields[SENDER], [b"alice"])
                    self.assertEqual(fields[CLIENT], [alice.client_id.encode()])
                    self.assertEqual(fields[TS_MS], [int(said["tsMs"])])
                    qos = {m[2] for m in bob.messages if "/signals/" in m[0]}
                    self.assertEqual(qos, {0})
                    alice.close()
                    bob.close()

    def test_threat_22_strangers_and_admins_hear_nothing(self):
        alice, bob, mallory, admin = self.client("alice"), self.listener("bob"), self.client("mallory"), self.admin()
        for filter_ in (self.topic(), self.topic("+"), f"chat/v1/rooms/{self.lobby}/#", "chat/v1/rooms/+/signals/json",
                        "#", f"$share/g/{self.topic()}"):
            self.assertGreaterEqual(mallory.subscribe_code(filter_), 0x80, filter_)
        admin.subscribe("#")
        admin.subscribe(self.topic())
        with self.make_admin() as other:
            other.command("removeMember", room=self.lobby, user="bob")
        carol = self.listener("carol")
        alice.publish(self.topic(), {"kind": "CUSTOM"}, qos=1)
        carol.wait(lambda: self.signals(carol))
        for client in (bob, mallory):
            self.settle(client)
            self.assertEqual([m[0] for m in client.messages if "/signals/" in m[0]], [], client.user)
        self.assertEqual([m[0] for m in admin.messages if "/signals/" in m[0]], [])

    def test_who_may_not_speak_may_not_signal(self):
        bob = self.listener("bob")
        channel = self.room({"alice": "owner", "bob": "member"}, kind="channel")
        for user, room, code in (("mallory", self.lobby, "PERMISSION_DENIED"), ("carol", self.lobby, "PERMISSION_DENIED"),
                                 ("bob", channel, "PERMISSION_DENIED"), ("alice", "no-such-room", "NOT_FOUND")):
            for version in VERSIONS:
                client = self.client(user, version=version)
                client.publish(self.topic(room=room), {"kind": "TYPING_START"}, qos=1)
                self.assertEqual(client.ack("")["code"], code, (user, room))
        for payload in (b"", b"{", b'{"kind":"SHOUT"}', b'{"kind":"UNSPECIFIED"}',
                        json.dumps({"kind": "CALL", "to": ["u"] * 51})):
            alice = self.client("alice")
            alice.publish(self.topic(), payload, qos=1)
            self.assertEqual(alice.ack("")["code"], "INVALID_ARGUMENT", payload)
        self.settle(bob)
        self.assertEqual(self.signals(bob), [])

    def test_to_some_alone(self):
        alice, bob = self.client("alice"), self.listener("bob")
        carol, carols_other = self.listener("carol"), self.listener("carol")
        alice.publish(self.topic(), {"kind": "CALL", "to": ["carol", "mallory"], "data": "aGk="}, qos=1)
        alice.publish(self.topic(), {"kind": "CUSTOM"}, qos=1)
        for client in (bob, carol, carols_other):
            client.wait(lambda c=client: any(s["kind"] == "CUSTOM" for s in self.signals(c)))
        self.assertEqual([s["kind"] for s in self.signals(bob)], ["CUSTOM"])
        for client in (carol, carols_other):
            self.assertEqual([(s["kind"], s["data"]) for s in self.signals(client)], [("CALL", "aGk="), ("CUSTOM", "")])

    def test_typing_ends_by_itself_and_with_its_client(self):
        alice, bob = self.client("alice"), self.listener("bob")
        for ends in ("by itself", "with its client"):
            with self.subTest(ends):
                before = len(self.signals(bob))
                alice.publish(self.topic(), {"kind": "TYPING_START"}, qos=1)
                bob.wait(lambda n=before: len(self.signals(bob)) > n)
                if ends != "by itself":
                    alice.close()
                bob.wait(lambda n=before: len(self.signals(bob)) > n + 1, 10)
                self.assertEqual([(s["kind"], s["sender"], s["client"]) for s in self.signals(bob)[before:]],
                                 [("TYPING_START", "alice", alice.client_id), ("TYPING_STOP", "alice", alice.client_id)])

    def test_typing_holds_while_it_is_renewed(self):
        alice, bob = self.client("alice"), self.listener("bob")
        for count in range(1, 9):
            alice.publish(self.topic(), {"kind": "TYPING_START"}, qos=1)
            bob.wait(lambda n=count: len(self.signals(bob)) == n)
            self.assertEqual({s["kind"] for s in self.signals(bob)}, {"TYPING_START"})
        alice.publish(self.topic(), {"kind": "TYPING_STOP"}, qos=1)
        bob.wait(lambda: self.signals(bob)[-1]["kind"] == "TYPING_STOP")

    def test_so_many_a_second(self):
        # Nobody else's test has bob signal: his second is a whole one.
        alice, bob = self.listener("alice"), self.client("bob")
        count = 4 * SIGNALS_PER_SECOND
        for _ in range(count):
            bob.publish(self.topic(), {"kind": "CUSTOM"}, qos=1)
        wait_until(lambda: len(bob.acks.get("", [])) + len(self.signals(alice)) == count)
        self.assertEqual({ack["code"] for ack in bob.acks[""]}, {"RESOURCE_EXHAUSTED"})
        self.assertGreaterEqual(len(self.signals(alice)), SIGNALS_PER_SECOND)
        self.assertLess(len(self.signals(alice)), 3 * SIGNALS_PER_SECOND)

    def test_a_will_may_not_pass_for_a_signal(self):
        """The broker routes the wills of its clients when it ends: what no server stamped reaches nobody."""
        bob = self.raw("bob")
        bob.subscribe(self.topic(), 1)
        will = (self.topic(), json.dumps({"kind": "CALL", "sender": "bob"}), 1, False)
        self.raw("alice", will=will).close()  # without DISCONNECT
        self.raw("alice", will=will)
        self.addCleanup(self.broker.start)
        self.assertEqual(self.broker.stop(), 0)
        with self.assertRaises(Closed):
            bob.pump(lambda: False, timeout=10)
        self.assertEqual([message for message in bob.inbox if "/signals/" in message[0]], [])

    def test_nothing_of_it_is_stored(self):
        alice = self.client("alice")
        before = self.admin().command("stats")["committed"]
        for _ in range(5):
            alice.publish_acknowledged(self.topic(), {"kind": "CUSTOM"}, qos=1)
        self.assertEqual(self.admin().command("stats")["committed"], before)
        self.assertEqual(alice.say(self.lobby, "first")["seq"], "2")


if __name__ == "__main__":
    main()
