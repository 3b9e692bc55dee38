"""One id, one seq: over reconnects, restarts and kill -9."""
import json

from tests.support.client import new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.raw import PUBACK, PUBREC, Session, packet, publish_packet


def draft(message_id, text):
    return json.dumps({"id": message_id, "text": {"text": text}})


class Dedupe(ParleyTest):
    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.topic = f"chat/v1/rooms/{self.lobby}/send/json"
        self.events = f"chat/v1/rooms/{self.lobby}/events/json"

    def test_the_same_id_is_answered_with_the_same_seq_and_delivered_once(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                alice, bob = self.client("alice", version=version), self.client("bob")
                bob.subscribe(self.events)
                message_id = alice.send(self.lobby, "once")
                first = alice.ack(message_id)
                for qos in (1, 2):
                    alice.send(self.lobby, "once", message_id=message_id, qos=qos)
                    again = alice.ack(message_id)
                    self.assertEqual((again["code"], again["seq"], again["duplicate"]), ("OK", first["seq"], True))
                bob.wait_event(alice.send(self.lobby, "marker"))
                self.assertEqual(len([e for e in bob.seen(self.lobby) if e["id"] == message_id]), 1)

    def test_another_body_is_refused_and_the_first_wins(self):
        alice = self.client("alice")
        first = alice.say(self.lobby, "first", message_id="fixed-1")
        alice.send(self.lobby, "second", message_id="fixed-1")
        again = alice.ack("fixed-1")
        self.assertEqual((again["code"], again["seq"], again["duplicate"]), ("ALREADY_EXISTS", first["seq"], True))
        alice.send(self.lobby, "first", message_id="fixed-1")
        self.assertEqual(alice.ack("fixed-1")["code"], "OK")

    def test_the_same_draft_in_another_encoding_is_a_duplicate(self):
        alice = self.client("alice")
        first = alice.say(self.lobby, "same", message_id="enc-1")
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/text/enc-1", b"same")
        again = alice.ack("enc-1")
        self.assertEqual((again["code"], again["seq"], again["duplicate"]), ("OK", first["seq"], True))
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json/enc-1", {"text": {"text": "same", "format": 0}})
        self.assertIs(alice.ack("enc-1")["duplicate"], True)

    def test_ids_are_per_user_and_room(self):
        other = self.room({"alice": "owner", "bob": "member"})
        alice, bob = self.client("alice"), self.client("bob")
        self.assertIs(alice.say(self.lobby, "a", message_id="shared")["duplicate"], False)
        self.assertIs(bob.say(self.lobby, "b", message_id="shared")["duplicate"], False)
        self.assertIs(alice.say(other, "c", message_id="shared")["duplicate"], False)

    def test_a_refused_attempt_leaves_no_trace(self):
        alice = self.client("alice")
        alice.publish(self.topic, {"id": "retry-1"})
        self.assertEqual(alice.ack("retry-1")["code"], "INVALID_ARGUMENT")
        self.assertIs(alice.say(self.lobby, "now right", message_id="retry-1")["duplicate"], False)

    def test_duplicates_within_one_batch(self):
        """The same id many times in one write, so that all copies meet in one batch."""
        alice = self.client("alice")
        session = self.raw("alice")
        message_id = new_id()
        session.send(b"".join(publish_packet(self.topic, draft(message_id, "once"), packet_id=i)
                              for i in range(1, 21)))
        session.pump(lambda: all((PUBACK, i) in session.answers for i in range(1, 21)))
        alice.say(self.lobby, "marker")
        watcher = self.client("bob")
        watcher.subscribe(self.events)
        self.assertEqual(alice.say(self.lobby, "end")["seq"], "4", "creation, once, marker, end")

    def test_qos_2_sent_again_before_pubrel(self):
        """The broker has its own idea of a duplicate; ours must agree with it."""
        message_id = new_id()
        session = self.raw("alice", client_id="alice-qos2", clean=False)
        session.send(publish_packet(self.topic, draft(message_id, "qos 2"), qos=2, packet_id=7))
        session.pump(lambda: (PUBREC, 7) in session.answers)
        session.close()
        session = self.raw("alice", client_id="alice-qos2", clean=False)
        session.send(publish_packet(self.topic, draft(message_id, "qos 2"), qos=2, packet_id=7, dup=True))
        session.pump(lambda: (PUBREC, 7) in session.answers)
        session.send(packet(0x62, (7).to_bytes(2, "big")))
        alice = self.client("alice")
        alice.send(self.lobby, "qos 2", message_id=message_id)
        self.assertEqual((alice.ack(message_id)["duplicate"], alice.say(self.lobby, "end")["seq"]), (True, "3"))

    def test_over_a_reconnect(self):
        alice = self.client("alice")
        first = alice.say(self.lobby, "once", message_id="reconnect-1")
        alice = self.reconnect(alice)
        alice.send(self.lobby, "once", message_id="reconnect-1")
        again = alice.ack("reconnect-1")
        self.assertEqual((again["seq"], again["duplicate"]), (first["seq"], True))
        other_device = self.client("alice")
        other_device.send(self.lobby, "once", message_id="reconnect-1")
        self.assertEqual(other_device.ack("reconnect-1")["seq"], first["seq"])

    def stays_the_same(self, alice, message_id, text, first):
        alice = self.reconnect(alice)
        alice.send(self.lobby, text, message_id=message_id)
        again = alice.ack(message_id)
        self.assertEqual((again["code"], again["seq"], again["feed"], again["tsMs"], again["duplicate"]),
                         ("OK", first["seq"], first["feed"], first["tsMs"], True))
        self.assertEqual(int(alice.say(self.lobby, "after")["seq"]), int(first["seq"]) + 1, "it goes on counting")

    def test_over_a_restart(self):
        alice = self.client("alice")
        first = alice.say(self.lobby, "once", message_id="restart-1")
        self.broker.restart()
        self.stays_the_same(alice, "restart-1", "once", first)

    def test_over_kill_9(self):
        alice = self.client("alice")
        first = alice.say(self.lobby, "once", message_id="kill-1")
        self.broker.kill9()
        self.broker.start()
        self.stays_the_same(alice, "kill-1", "once", first)

    def test_what_got_a_puback_survives_kill_9(self):
        """No ack is waited for: the PUBACK alone is the promise."""
        for qos, answer in ((1, PUBACK), (2, PUBREC)):
            with self.subTest(qos=qos):
                ids = [new_id() for _ in range(300)]
                session = Session(self.broker.port, "alice", "pw-alice", f"alice-burst-{qos}")
                session.send(b"".join(publish_packet(self.topic, draft(message_id, "x"), qos=qos, packet_id=i + 1)
                                      for i, message_id in enumerate(ids)))
                session.pump(lambda: len([1 for kind, _ in session.answers if kind == answer]) >= 100)
                self.broker.kill9()
                try:
                    session.pump(lambda: False, timeout=5)
                except Exception:  # the connection is gone: what was acknowledged is known now
                    pass
                session.close()
                acknowledged = [ids[number - 1] for kind, number in session.answers if kind == answer]
                self.broker.start()
                alice = self.client("alice")
                seqs = []
                for message_id in acknowledged:
                    alice.send(self.lobby, "x", message_id=message_id)
                for message_id in acknowledged:
                    ack = alice.ack(message_id)
                    self.assertEqual((ack["code"], ack["duplicate"]), ("OK", True), message_id)
                    seqs.append(int(ack["seq"]))
                self.assertEqual(len(set(seqs)), len(seqs))
                self.assertEqual(seqs, sorted(seqs), "one sender's order is kept")
                alice.close()


if __name__ == "__main__":
    main()
