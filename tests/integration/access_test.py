"""Who may subscribe to what, and who receives what."""
from tests.support.client import V5, new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.raw import Refused, Session


class Access(ParleyTest):
    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.vault = self.room({"carol": "owner"})

    def test_what_a_user_may_subscribe_to(self):
        for version in VERSIONS:
            alice = self.client("alice", version=version)
            own, room = alice.client_id, self.lobby
            for topic in (f"chat/v1/rooms/{room}/events/json", f"chat/v1/rooms/{room}/events/pb",
                          f"chat/v1/rooms/{room}/events/+", "chat/v1/users/alice/events/json",
                          "chat/v1/users/alice/events/pb", f"chat/v1/clients/{own}/#",
                          f"chat/v1/clients/{own}/acks/+", f"chat/v1/clients/{own}/replies/pb",
                          f"$share/g/chat/v1/rooms/{room}/events/json"):
                with self.subTest(topic, version=version):
                    self.assertLess(alice.subscribe_code(topic), 0x80)

    def test_what_a_user_may_not_subscribe_to(self):
        bob = self.client("bob")
        for version in VERSIONS:
            alice = self.client("alice", version=version)
            refusal = 0x87 if version == V5 else 0x80
            for topic in ("#", "+/#", "+/+/rooms/+/events/json", "chat/#", "chat/v1/#", "chat/v1/rooms/#",
                          "chat/+/rooms/" + self.lobby + "/events/json",
                          "chat/v1/rooms/+/events/json", f"chat/v1/rooms/{self.vault}/events/json",
                          f"chat/v1/rooms/{self.vault}/#", f"chat/v1/rooms/{self.lobby}/#",
                          f"chat/v1/rooms/{self.lobby}/send/json", f"chat/v1/rooms/{self.lobby}/+/json",
                          f"chat/v1/rooms/{self.lobby}/send/#", "chat/v1/rooms/no-such-room/events/json",
                          "chat/v1/users/bob/events/json", "chat/v1/users/+/events/json", "chat/v1/users/#",
                          f"chat/v1/clients/{bob.client_id}/acks/json", f"chat/v1/clients/{bob.client_id}/#",
                          "chat/v1/clients/+/acks/json", "chat/v1/clients/#", "chat/v1/requests/sync/json",
                          "chat/v1/requests/#", "chat/v1/nonsense", "chat/v1",
                          "$CONTROL/#", "$CONTROL/parley/v1", "$CONTROL/parley/v1/response",
                          "$parley/#", "$parley/requests", "$parley/committed", "$parley/barrier",
                          "somewhere/else", "+", "/#",
                          f"$share/g/chat/v1/rooms/{self.vault}/events/json", "$share/g/#",
                          "$share/g/chat/v1/users/bob/events/json", "$share/g/$parley/requests"):
                with self.subTest(topic, version=version):
                    self.assertEqual(alice.subscribe_code(topic), refusal)

    def test_wrong_encodings_and_rewinds_are_refused(self):
        alice = self.client("alice")
        for topic in (f"chat/v1/rooms/{self.lobby}/events/text", f"chat/v1/rooms/{self.lobby}/rewind/0/json",
                      f"chat/v1/rooms/{self.lobby}/rewind/1001/json", f"chat/v1/rooms/{self.lobby}/rewind/-1/json",
                      f"chat/v1/rooms/{self.lobby}/rewind/+/json", f"chat/v1/rooms/{self.lobby}/rewind/x/json",
                      f"$share/g/chat/v1/rooms/{self.lobby}/rewind/5/json"):
            with self.subTest(topic):
                self.assertGreaterEqual(alice.subscribe_code(topic), 0x80)

    def test_an_administrator_may_subscribe_to_anything_and_receives_nothing_that_is_not_theirs(self):
        admin = self.admin()
        for topic in ("#", "chat/v1/#", "+/+/+/+/events/+", f"chat/v1/rooms/{self.lobby}/events/json", "$parley/#",
                      "$CONTROL/#", "chat/v1/users/+/events/json", "chat/v1/clients/+/acks/json"):
            admin.subscribe_code(topic)
        alice, bob = self.client("alice"), self.client("bob")
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/json")
        bob.subscribe("chat/v1/users/bob/events/json")
        for qos in (0, 1, 2):
            alice.ack(alice.send(self.lobby, "SECRET", qos=qos))
        alice.request("history.page", room=self.lobby)
        bob.wait_event(alice.send(self.lobby, "SECRET"), topic="chat/v1/users/bob/events/json")
        # Anything queued for the administrator before this answer has been delivered by then.
        admin.control({"command": "listUsers"})
        leaked = [topic for topic, payload, _, _ in admin.messages
                  if b"SECRET" in payload or "/send/" in topic or "/events/" in topic or "/requests/" in topic
                  or topic.startswith("$parley/") or topic.startswith("chat/v1/clients/")
                  and not topic.startswith(f"chat/v1/clients/{admin.client_id}/")]
        self.assertEqual(leaked, [])

    def test_passwords_in_control_commands_reach_no_subscriber(self):
        admin, other = self.admin(), self.admin()
        other.subscribe_code("#")
        other.subscribe_code("$CONTROL/#")
        admin.command("createUser", username=f"u{new_id()[:8]}", password="TOPSECRET")
        other.control({"command": "listUsers"})
        self.assertFalse([m for m in other.messages if b"TOPSECRET" in m[1]])

    def test_responses_of_control_go_to_the_asking_client_only(self):
        admin, other = self.admin(), self.admin()
        admin.control({"command": "listRooms"})
        other.control({"command": "listUsers"})
        self.assertEqual([c["command"] for c in other.controls], ["listUsers"])

    def test_only_administrators_use_control(self):
        alice, admin = self.client("alice"), self.admin()
        for qos in (0, 1):
            alice.publish("$CONTROL/parley/v1", {"commands": [{"command": "createUser", "username": "eve",
                                                               "password": "x"}]}, qos=qos)
        alice.say(self.lobby, "marker")
        response = admin.control({"command": "deleteUser", "username": "eve"})[0]
        self.assertEqual(response.get("code"), "NOT_FOUND")

    def test_foreign_topics_are_denied_by_default(self):
        for version in VERSIONS:
            alice, admin = self.client("alice", version=version), self.admin()
            admin.subscribe_code("plain/#")
            self.assertGreaterEqual(alice.subscribe_code("plain/topic"), 0x80)
            for qos in (0, 1, 2):
                alice.publish("plain/topic", b"leaves", qos=qos)
            alice.publish("plain/retained", b"leaves", retain=True)
            alice.say(self.lobby, "marker")
            admin.control({"command": "listUsers"})
            self.assertFalse([m for m in admin.messages if m[1] == b"leaves"])

    def test_wills_into_chat_and_control_are_never_delivered(self):
        bob = self.client("bob")
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/json")
        for number, topic in enumerate((f"chat/v1/rooms/{self.lobby}/events/json",
                                        f"chat/v1/rooms/{self.lobby}/send/json", "$CONTROL/parley/v1",
                                        f"chat/v1/clients/{bob.client_id}/replies/json", "plain/topic")):
            for version in (4, 5):
                payload = '{"id":"will","requestId":"will","text":{"text":"from the grave"},' \
                          '"commands":[{"command":"createRoom","room":"willroom"}]}'
                try:
                    session = Session(self.broker.port, "alice", "pw-alice", f"alice-will-{number}-{version}",
                                      version=version, will=(topic, payload, 1, False))
                except Refused:
                    continue
                session.close()  # no DISCONNECT: the will fires
        alice = self.client("alice")
        bob.wait_event(alice.send(self.lobby, "marker"))
        self.assertNotIn(b"from the grave", b"".join(m[1] for m in bob.messages))
        response = self.admin().control({"command": "addMember", "room": "willroom", "user": "bob", "role": "member"})[0]
        self.assertEqual(response.get("code"), "NOT_FOUND")

    def test_the_bridges_topics_are_closed_to_a_user_of_that_name(self):
        """The bridge's right hangs on its credential, not on a topic that anyone could guess."""
        alice = self.client("alice")
        self.assertGreaterEqual(alice.subscribe_code("$parley/requests"), 0x80)

    def test_subscriptions_of_an_offline_session_keep_their_limits(self):
        """A right revoked while the session was away: nothing after the removal's seq."""
        bob = self.client("bob", version=V5, clean=False)
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/json")
        bob.close()
        admin, alice = self.admin(), self.client("alice")
        alice.say(self.lobby, "while away")
        admin.command("removeMember", room=self.lobby, user="bob")
        alice.say(self.lobby, "after the removal")
        bob = self.reconnect(bob)
        bob.subscribe("chat/v1/users/bob/events/json")
        direct = alice.send("dm:alice:bob", "marker")
        bob.wait_event(direct)
        self.assertNotIn("after the removal", self.texts(bob.seen()))


if __name__ == "__main__":
    main()
