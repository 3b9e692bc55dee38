"""Every refusal is visible to the sender, and bad input of any kind is only that."""
import json

from tests.support.client import V311, V5, new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.raw import Closed, packet, publish_packet, text


class Refusals(ParleyTest):
    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.vault = self.room({"carol": "owner"})

    def test_no_member_and_no_room(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                alice = self.client("alice", version=version)
                ack = alice.ack(alice.send(self.vault, "let me in"))
                self.assertEqual((ack["code"], ack["room"], ack["seq"], ack["durability"]),
                                 ("PERMISSION_DENIED", self.vault, "0", "NONE"))
                self.assertIn("alice", ack["reason"])
                self.assertIn(self.vault, ack["reason"])
                ack = alice.ack(alice.send("nowhere-at-all", "hello"))
                self.assertIn(ack["code"], ("NOT_FOUND", "PERMISSION_DENIED"))
                self.assertEqual(alice.disconnects, 0)

    def test_a_refused_send_is_not_stored_or_delivered(self):
        carol, alice = self.client("carol"), self.client("alice")
        carol.subscribe(f"chat/v1/rooms/{self.vault}/events/json")
        refused = alice.send(self.vault, "let me in")
        alice.ack(refused)
        marker = carol.send(self.vault, "marker")
        self.assertEqual(carol.wait_event(marker)["seq"], "2")
        self.assertFalse([e for e in carol.seen() if e["id"] == refused])

    def test_version_5_shows_a_refusal_at_the_gate_in_the_puback(self):
        session = self.raw("alice", version=5)
        for qos in (1, 2):
            code = session.publish_acknowledged(f"chat/v1/rooms/{self.lobby}/send/json/bad-{qos}", "{not json", qos=qos)
            self.assertEqual(code, 0x87)
        code = session.publish_acknowledged(f"chat/v1/rooms/{self.lobby}/send/text/good-1", "fine")
        self.assertLess(code, 0x80)

    def test_bad_drafts(self):
        alice = self.client("alice")
        cases = [
            ("bad-json", "{not json", "INVALID_ARGUMENT"),
            ("empty-payload", "", "INVALID_ARGUMENT"),
            ("array", "[]", "INVALID_ARGUMENT"),
            ("null", "null", "INVALID_ARGUMENT"),
            ("number", "7", "INVALID_ARGUMENT"),
            ("no-body", "{}", "INVALID_ARGUMENT"),
            ("empty-text", '{"text":{"text":""}}', "INVALID_ARGUMENT"),
            ("unknown-field", '{"text":{"text":"x"},"color":"red"}', "INVALID_ARGUMENT"),
            ("wrong-type", '{"text":"x"}', "INVALID_ARGUMENT"),
            ("two-bodies", '{"text":{"text":"x"},"custom":{"contentType":"a"}}', "INVALID_ARGUMENT"),
            ("nul", '{"text":{"text":"a\\u0000b"}}', "INVALID_ARGUMENT"),
            ("not-utf-8", b'{"text":{"text":"\xff"}}', "INVALID_ARGUMENT"),
            ("mention", '{"text":{"text":"x"},"mentions":["Not A Name"]}', "INVALID_ARGUMENT"),
            ("overflow", '{"text":{"text":"x"},"replyTo":"99999999999999999999999"}', "INVALID_ARGUMENT"),
            ("other-id", '{"id":"another","text":{"text":"x"}}', "INVALID_ARGUMENT"),
            ("edit", '{"edit":{"targetSeq":"1","text":"x"}}', "UNIMPLEMENTED"),
        ]
        for message_id, payload, code in cases:
            with self.subTest(message_id):
                alice.publish(f"chat/v1/rooms/{self.lobby}/send/json/{message_id}", payload)
                # Where the ids differ, either of them may be the one that is named.
                key = alice.wait(lambda m=message_id: next((k for k in (m, "another") if alice.acks.get(k)), None))
                ack = alice.ack(key)
                self.assertEqual(ack["code"], code)
                self.assertTrue(ack["reason"])
        for encoding, payload in (("pb", b"\xff\xff"), ("text", b"\xff"), ("text", b""), ("pb", b"")):
            with self.subTest(encoding=encoding, payload=payload):
                message_id = new_id()
                if encoding == "pb":
                    alice.subscribe(f"chat/v1/clients/{alice.client_id}/acks/pb")
                    before = len(alice.messages)
                    alice.publish(f"chat/v1/rooms/{self.lobby}/send/pb/{message_id}", payload)
                    found = alice.wait(lambda b=before: [m for m in alice.messages[b:] if m[0].endswith("acks/pb")])
                    self.assertIn(message_id.encode(), found[0][1])
                else:
                    alice.publish(f"chat/v1/rooms/{self.lobby}/send/{encoding}/{message_id}", payload)
                    self.assertEqual(alice.ack(message_id)["code"], "INVALID_ARGUMENT")
        self.assertEqual(alice.say(self.lobby, "still here")["seq"], "2")

    def test_bad_ids(self):
        alice = self.client("alice")
        for bad in ("not an id", "x" * 65, "é", "a@b", ""):
            with self.subTest(bad):
                alice.publish(f"chat/v1/rooms/{self.lobby}/send/text/{bad}", b"x")
                self.assertEqual(alice.ack("")["code"], "INVALID_ARGUMENT")
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json", {"id": "not an id", "text": {"text": "x"}})
        self.assertEqual(alice.ack("")["code"], "INVALID_ARGUMENT")

    def test_too_large(self):
        alice = self.client("alice")
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json/big-1", {"text": {"text": "y" * 100_000}})
        self.assertEqual(alice.ack("big-1")["code"], "RESOURCE_EXHAUSTED")
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/text/big-2", b"y" * 65_537)
        self.assertEqual(alice.ack("big-2")["code"], "RESOURCE_EXHAUSTED")
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/text/fits", b"y" * 65_000)
        self.assertEqual(alice.ack("fits")["code"], "OK")

    def test_a_packet_over_the_limit_ends_only_that_connection(self):
        session, alice = self.raw("alice"), self.client("alice")
        with self.assertRaises((Closed, AssertionError)):
            session.publish_acknowledged(f"chat/v1/rooms/{self.lobby}/send/text/huge", b"y" * (2 << 20))
        alice.say(self.lobby, "still here")

    def test_bad_topics_are_acknowledged_with_an_error(self):
        for version in VERSIONS:
            alice = self.client("alice", version=version)
            for topic in ("chat/v1", "chat/v1/", "chat/v1/nonsense", "chat/v1/rooms", "chat/v1/rooms/x/y/z",
                          f"chat/v1/rooms/{self.lobby}/events/json", f"chat/v1/rooms/{self.lobby}/receipts/json",
                          f"chat/v1/rooms/{self.lobby}/rewind/5/json", f"chat/v1/rooms/{self.lobby}/send",
                          f"chat/v1/rooms/{self.lobby}/send/xml", f"chat/v1/rooms/{self.lobby}/send/json/a/b",
                          "chat/v1/rooms/NOT A ROOM/send/json", "chat/v1/rooms//send/json",
                          "chat/v1/rooms/../send/json", "chat/v1/users/alice/events/json",
                          "chat/v1/users/bob/inbox/json", "chat/v1/clients/x/acks/json",
                          f"chat/v1/clients/{alice.client_id}/acks/json", "chat/v1/" + "x/" * 100):
                with self.subTest(topic=topic, version=version):
                    alice.publish(topic, {"id": "", "text": {"text": "x"}})
                    self.assertNotEqual(alice.ack("")["code"], "OK")
            self.assertEqual(alice.disconnects, 0)
            self.assertEqual([e for e in alice.seen() if e.get("text", {}).get("text") == "x"], [])

    def test_nobody_publishes_events_acks_or_replies(self):
        alice, bob = self.client("alice"), self.client("bob")
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/json")
        bob.subscribe("chat/v1/users/bob/events/json")
        event = {"room": self.lobby, "seq": "999", "sender": "bob", "text": {"text": "injected"}}
        for topic in (f"chat/v1/rooms/{self.lobby}/events/json", "chat/v1/users/bob/events/json",
                      f"chat/v1/clients/{bob.client_id}/acks/json", f"chat/v1/clients/{bob.client_id}/replies/json",
                      "$parley/requests", "$parley/committed", "$parley/barrier"):
            for qos in (0, 1):
                alice.publish(topic, {**event, "id": "forged", "requestId": "forged"}, qos=qos)
        bob.wait_event(alice.send(self.lobby, "marker"), topic="chat/v1/users/bob/events/json")
        self.assertNotIn(b"injected", b"".join(message[1] for message in bob.messages))

    def test_requests_are_answered_also_without_a_bridge(self):
        alice = self.client("alice")
        self.assertEqual(alice.request("no.such.method")["code"], "UNIMPLEMENTED")
        self.assertEqual(alice.request("history.page", room=self.lobby)["code"], "UNAVAILABLE")
        alice.publish("chat/v1/requests/history.page/json", b"{not json")
        alice.wait(lambda: "" in alice.replies)
        self.assertIn(alice.replies[""]["code"], ("INVALID_ARGUMENT", "UNAVAILABLE"))

    def test_bodies_of_later_versions_are_unimplemented(self):
        alice = self.client("alice")
        for aspect, payload in (("signals", {"kind": "TYPING_START"}),):
            with self.subTest(aspect):
                alice.publish(f"chat/v1/rooms/{self.lobby}/{aspect}/json", payload, qos=1)
                ack = alice.ack("")
                self.assertIn(ack["code"], ("UNIMPLEMENTED", "OK"))

    def test_malformed_packets_end_only_their_own_connection(self):
        alice = self.client("alice")
        for version in (4, 5):
            for name, data in {
                    "reserved type": b"\x00\x00",
                    "wildcard topic": publish_packet(f"chat/v1/rooms/{self.lobby}/send/+", "x", version=version),
                    "empty topic": publish_packet("", "x", version=version),
                    "not UTF-8": publish_packet(b"chat/v1/rooms/\xff/send/json", "x", version=version),
                    "U+0000": publish_packet(b"chat/v1/rooms/a\x00b/send/json", "x", version=version),
                    "QoS 3": packet(0x36, text("a") + b"\x00\x01x"),
                    "cut off": packet(0x32, b"\x00"),
                    "no filter": packet(0x82, b"\x00\x01" + (b"\x00" if version == 5 else b"")),
            }.items():
                with self.subTest(name, version=version):
                    session = self.raw("bob", version=version)
                    try:
                        session.send(data)
                        session.pump(lambda: False, timeout=0.3)
                    except (Closed, AssertionError):
                        pass
                    session.close()
        alice.say(self.lobby, "still here")

    def test_the_reason_shows_no_control_sequences(self):
        alice = self.client("alice")
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json/esc", json.dumps({"\x1b[31mred": 1}))
        self.assertTrue(alice.ack("esc")["reason"].isprintable())


if __name__ == "__main__":
    main()
