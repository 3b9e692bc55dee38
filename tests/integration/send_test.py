"""Sending and receiving: encodings, protocol versions, QoS, order."""
import json

from tests.support import wire
from tests.support.client import V311, V5, new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main


class Send(ParleyTest):
    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.events = f"chat/v1/rooms/{self.lobby}/events/json"

    def pair(self, version_a=V311, version_b=V5):
        """A sender and a subscriber of the room's topic."""
        alice, bob = self.client("alice", version=version_a), self.client("bob", version=version_b)
        bob.subscribe(self.events)
        return alice, bob

    def test_a_draft_becomes_an_event_and_an_ack_for_every_pair_of_versions(self):
        for sender in VERSIONS:
            for receiver in VERSIONS:
                with self.subTest(sender=sender, receiver=receiver):
                    alice, bob = self.pair(sender, receiver)
                    message_id = alice.send(self.lobby, "hello", mentions=["bob"], replyTo="0")
                    ack, event = alice.ack(message_id), bob.wait_event(message_id)
                    self.assertEqual(ack["code"], "OK")
                    self.assertEqual(ack["durability"], "FSYNCED")
                    self.assertIs(ack["duplicate"], False)
                    self.assertEqual(ack["room"], self.lobby)
                    self.assertEqual(ack["reason"], "")
                    self.assertEqual({key: ack[key] for key in ("seq", "feed", "tsMs")},
                                     {key: event[key] for key in ("seq", "feed", "tsMs")})
                    self.assertEqual(event["sender"], "alice")
                    self.assertEqual(event["client"], alice.client_id)
                    self.assertEqual(event["text"], {"text": "hello", "format": "PLAIN"})
                    self.assertEqual(event["mentions"], ["bob"])
                    alice.close()
                    bob.close()

    def test_each_qos_of_a_stored_send_is_delivered_once(self):
        alice, bob = self.pair()
        for qos in (1, 2):
            message_id = alice.send(self.lobby, f"qos {qos}", qos=qos)
            self.assertEqual(alice.ack(message_id)["code"], "OK")
            bob.wait_event(message_id)
        last = alice.send(self.lobby, "last")
        bob.wait_event(last)
        self.assertEqual(self.texts(bob.seen(self.lobby)), ["qos 1", "qos 2", "last"])

    def test_qos_0_is_live_only(self):
        alice, bob = self.pair()
        message_id = alice.send(self.lobby, "live", qos=0)
        ack = alice.ack(message_id)
        self.assertEqual((ack["code"], ack["seq"], ack["durability"]), ("OK", "0", "NONE"))
        self.assertEqual(ack["reason"], "QoS 0 is not stored; publish with QoS 1")
        self.assertEqual(bob.wait_event(message_id)["seq"], "0")
        self.assertEqual(alice.say(self.lobby, "stored")["seq"], "2", "seq 1 is the room's creation")

    def test_qos_0_neither_looks_up_nor_records_an_id(self):
        alice, _ = self.pair()
        message_id = new_id()
        for _ in range(2):
            alice.send(self.lobby, "live", message_id=message_id, qos=0)
            self.assertIs(alice.ack(message_id)["duplicate"], False)
        alice.send(self.lobby, "stored", message_id=message_id)
        self.assertIs(alice.ack(message_id)["duplicate"], False)

    def test_text_is_sent_as_it_stands(self):
        alice, bob = self.pair()
        for text in ("plain", "שלום עולם", "👩‍👩‍👧‍👦 🇩🇪", "line one\nline two\ttab", '{"text":"no json"}', " "):
            message_id = new_id()
            alice.publish(f"chat/v1/rooms/{self.lobby}/send/text/{message_id}", text.encode())
            self.assertEqual(alice.ack(message_id)["code"], "OK")
            self.assertEqual(bob.wait_event(message_id)["text"]["text"], text)

    def test_a_send_without_an_id_is_stored_each_time(self):
        alice, bob = self.pair()
        for _ in range(2):
            alice.publish(f"chat/v1/rooms/{self.lobby}/send/text", b"no id")
            ack = alice.ack("")
            self.assertEqual((ack["code"], ack["id"], ack["duplicate"]), ("OK", "", False))
        bob.wait(lambda: self.texts(bob.seen(self.lobby)) == ["no id", "no id"])

    def test_custom_content_arrives_byte_for_byte(self):
        alice, bob = self.pair()
        message_id = new_id()
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json",
                      {"id": message_id, "custom": {"contentType": "application/octet-stream", "data": "AAECAwT/"}})
        self.assertEqual(alice.ack(message_id)["code"], "OK")
        self.assertEqual(bob.wait_event(message_id)["custom"],
                         {"contentType": "application/octet-stream", "data": "AAECAwT/"})

    def test_protobuf_is_the_same_event(self):
        """Draft, Event and Ack by their field numbers, without a library."""
        alice, bob = self.pair()
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/pb")
        alice.subscribe(f"chat/v1/clients/{alice.client_id}/acks/pb")
        message_id = new_id()
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/pb",
                      wire.message((1, message_id), (2, wire.message((1, "by pb"))), (11, "bob")))
        json_event = bob.wait_event(message_id)

        def pb_of(client, end):
            return client.wait(lambda: [m[1] for m in client.messages if m[0].endswith(end)])[-1]
        event = wire.fields(pb_of(bob, "/events/pb"))
        self.assertEqual(event[1], [self.lobby.encode()])
        self.assertEqual(event[2], [int(json_event["seq"])])
        self.assertEqual(event[4], [int(json_event["tsMs"])])
        self.assertEqual(event[5], [b"alice"])
        self.assertEqual(event[7], [message_id.encode()])
        self.assertEqual(wire.fields(event[9][0])[1], [b"by pb"])
        self.assertEqual(event[20], [b"bob"])
        ack = wire.fields(pb_of(alice, "/acks/pb"))
        self.assertEqual(ack[1], [message_id.encode()])
        self.assertEqual(ack[3], [int(json_event["seq"])])
        self.assertEqual(ack[9], [1])
        self.assertNotIn(message_id, alice.acks, "a pb draft is acknowledged in pb only")

    def test_one_order_for_everybody(self):
        """Four clients send at once; all see 1, 2, 3 … in that order, and each sender's own order is kept."""
        senders = [self.client(user) for user in ("alice", "alice", "bob", "bob")]
        watchers = [self.client("bob", version=version) for version in VERSIONS]
        for watcher in watchers:
            watcher.subscribe(self.events)
        for number in range(50):
            for index, sender in enumerate(senders):
                sender.send(self.lobby, f"{index}:{number}")
        views = []
        for watcher in watchers:
            watcher.wait(lambda w=watcher: len(w.seen(self.lobby)) >= 200, 30, "200 events")
            views.append(watcher.seen(self.lobby))
        self.assertEqual(views[0], views[1])
        self.assert_contiguous(views[0], first=int(views[0][0]["seq"]))
        times = [int(event["tsMs"]) for event in views[0]]
        self.assertEqual(times, sorted(times))
        for index in range(4):
            own = [text for text in self.texts(views[0]) if text.startswith(f"{index}:")]
            self.assertEqual(own, [f"{index}:{number}" for number in range(50)])

    def test_the_users_topic_carries_all_rooms(self):
        other = self.room({"alice": "owner", "bob": "member"})
        alice, bob = self.client("alice"), self.client("bob")
        bob.subscribe("chat/v1/users/bob/events/json")
        for room in (self.lobby, other, self.lobby):
            bob.wait_event(alice.send(room, room), topic="chat/v1/users/bob/events/json")
        self.assertEqual(self.texts(bob.seen()), [self.lobby, other, self.lobby])

    def test_both_topics_deliver_once_each(self):
        alice, bob = self.pair()
        bob.subscribe("chat/v1/users/bob/events/json")
        message_id = alice.send(self.lobby, "twice")
        bob.wait_event(message_id, topic=self.events)
        bob.wait_event(message_id, topic="chat/v1/users/bob/events/json")
        last = alice.send(self.lobby, "last")
        bob.wait_event(last, topic=self.events)
        bob.wait_event(last, topic="chat/v1/users/bob/events/json")
        self.assertEqual(len([1 for _, event in bob.events if event["id"] == message_id]), 2)

    def test_the_servers_word_wins_over_forged_fields(self):
        alice, bob = self.pair()
        message_id = new_id()
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json",
                      {"id": message_id, "sender": "bob", "seq": "1", "text": {"text": "forged"}})
        self.assertEqual(alice.ack(message_id)["code"], "INVALID_ARGUMENT")
        # In protobuf the fields of an Event are unknown fields of a Draft, and dropped.
        forged = new_id()
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/pb/{forged}",
                      wire.message((2, wire.message((1, "forged"))), (1005, "bob"), (1002, 1)))
        self.assertEqual(bob.wait_event(forged)["sender"], "alice")

    def test_retained_sends_are_not_retained(self):
        alice, _ = self.pair()
        message_id = new_id()
        alice.publish(f"chat/v1/rooms/{self.lobby}/send/json",
                      json.dumps({"id": message_id, "text": {"text": "stay"}}), retain=True)
        self.assertEqual(alice.ack(message_id)["code"], "OK")
        late = self.client("bob")
        late.subscribe(self.events)
        marker = alice.send(self.lobby, "marker")
        late.wait_event(marker)
        self.assertEqual(self.texts(late.seen(self.lobby)), ["marker"])
        self.assertFalse(any(message[3] for message in late.messages))


if __name__ == "__main__":
    main()
