"""Web Push from a message to the browser: a push service of Node's own cryptography checks who sent it and decrypts it."""
import os
import socket
import stat
import struct

from tests.support.parley_test import ParleyTest, main
from tests.support.raw import Session
from tests.support.waiting import wait_until
from tests.support.web_push_receiver import WebPushReceiver

SUBJECT = "mailto:admin@example.org"
FOR_EVER = 2**64 - 1


class WebPush(ParleyTest):
    BRIDGE = True
    BRIDGE_OPTIONS = ("--push-allow", "127.0.0.0/8", "--push-vapid-subject", SUBJECT, "--presence-grace-ms", "100")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receiver = WebPushReceiver()
        cls.addClassCleanup(cls.receiver.close)
        cls.receiver.__enter__()

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.alice = self.client("alice")

    def ask(self, client, method, **fields):
        reply = client.request(method, **fields)
        self.assertEqual(reply["code"], "OK", reply)
        return reply

    def register(self, *requests, subscription=None, **fields):
        """Bob's phone; what he asks for besides; then he is gone, and presence knows it."""
        with self.client("bob") as bob:
            self.ask(bob, "push.register", device="phone", webPush=subscription or self.receiver.subscription, **fields)
            self.addCleanup(self.unregister)
            for method, request in requests:
                self.ask(bob, method, **request)
        self.bob_is("OFFLINE")

    def unregister(self, device="phone"):
        with self.client("bob") as bob:
            bob.request("push.unregister", device=device)
        self.bob_is("OFFLINE")

    def bob_is(self, state):
        def there():
            seen = self.ask(self.alice, "presence.get", users=["bob"])["presences"]
            return seen and seen[0]["state"] == state
        wait_until(there, 20, f"bob is {state}")

    def fate(self, ack, *states):
        """What became of a message on Bob's phone, once it is one of these states."""
        def found():
            devices = self.ask(self.alice, "message.explain", room=self.lobby, seq=ack["seq"])["devices"]
            return devices[0] if devices and devices[0]["state"] in states else None
        fate = wait_until(found, 20, f"the fate is {states}")
        self.assertEqual((fate["user"], fate["device"], fate["provider"]), ("bob", "phone", "WEB_PUSH"), fate)
        return fate

    def came(self, ack, kind="message"):
        return self.receiver.seen().get((kind, self.lobby, int(ack["seq"])), 0)

    def assert_suppressed(self, ack, reason):
        fate = self.fate(ack, "SUPPRESSED")
        self.assertEqual(fate["reason"], reason, fate)
        self.assertEqual(self.came(ack), 0)

    def test_who_is_not_connected_is_told(self):
        self.register()
        ack = self.alice.say(self.lobby, "hello, Zoë")
        message = self.receiver.wait(lambda said: said.get("room") == self.lobby, "a notification")
        said = message["payload"]
        self.assertEqual((said["type"], said["user"], said["device"], said["seq"], said["sender"], said["text"]),
                         ("message", "bob", "phone", str(ack["seq"]), "alice", "hello, Zoë"), said)
        self.assertEqual((message["subject"], message["urgency"]), (SUBJECT, "normal"), message)
        self.assertTrue(86000 < message["ttl"] <= 86400 and message["topic"], message)
        fate = self.fate(ack, "ACCEPTED")
        self.assertEqual((fate["status"], fate["attempts"]), (201, 1), fate)
        self.assertEqual(self.came(ack), 1)
        # Read elsewhere: it is taken back.
        with self.client("bob") as bob:
            self.ask(bob, "push.test", device="phone")
            self.receiver.wait(lambda said: said["type"] == "test", "the test")
            bob.publish(f"chat/v1/rooms/{self.lobby}/cursor/json", {"read": ack["seq"]})
            self.receiver.wait(lambda said: said["type"] == "withdraw" and said["room"] == self.lobby, "it is taken back")
        self.fate(ack, "WITHDRAWN")

    def test_a_text_that_is_too_long_is_cut(self):
        self.register()
        self.alice.say(self.lobby, "\x01ü" * 2000)
        said = self.receiver.wait(lambda said: said.get("room") == self.lobby, "a notification")["payload"]
        self.assertTrue(said["text"] and ("\x01ü" * 2000).startswith(said["text"]), said)

    def test_who_does_not_want_to_be_told_is_not(self):
        self.register(("push.mute", {"room": self.lobby, "untilMs": FOR_EVER}))
        self.assert_suppressed(self.alice.say(self.lobby, "muted"), "MUTED")
        self.register(("push.mute", {"room": self.lobby, "untilMs": 0}), ("push.mute", {"level": "MENTIONS"}))
        self.assert_suppressed(self.alice.say(self.lobby, "no mention"), "LEVEL")
        self.register(("push.mute", {"level": "ALL"}))
        self.client("bob")
        self.bob_is("ONLINE")
        self.assert_suppressed(self.alice.say(self.lobby, "he is here"), "ONLINE")

    def said_to_the_connected(self, keepalive=60):
        """A bare session of Bob's that acknowledges nothing, and a message of which nobody tells him, for now."""
        session = Session(self.broker.port, "bob", "pw-bob", "bob-bare", keepalive=keepalive)
        self.addCleanup(session.close)
        self.bob_is("ONLINE")
        return session, self.alice.say(self.lobby, "are you there?")

    def close_without_a_word(self, session):
        """Once its last bytes are not so new that they could have been a DISCONNECT."""
        def quiet_ms():  # tcp_info: tcpi_last_data_sent
            return struct.unpack_from("I", session.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 44)[0]
        wait_until(lambda: quiet_ms() > 100, 20, "nothing has come from the session for a while")
        session.close()

    def test_whose_connection_has_died_is_told_after_all(self):
        self.register()
        with self.subTest("closed without a word"):
            session, ack = self.said_to_the_connected()
            self.assert_suppressed(ack, "ONLINE")
            self.close_without_a_word(session)
            self.fate(ack, "ACCEPTED")
            self.assertEqual(self.came(ack), 1)
        with self.subTest("silent for too long"):
            session, ack = self.said_to_the_connected(keepalive=1)
            self.fate(ack, "ACCEPTED")
            self.assertEqual(self.came(ack), 1)
            session.close()
        with self.subTest("the bridge was restarted meanwhile"):
            session, ack = self.said_to_the_connected()
            self.assert_suppressed(ack, "ONLINE")
            self.broker.bridge.stop()
            self.broker.start_bridge()
            self.bob_is("ONLINE")
            self.close_without_a_word(session)
            self.fate(ack, "ACCEPTED")
            self.assertEqual(self.came(ack), 1)

    def test_who_takes_their_leave_is_not_told_of_what_came_before(self):
        self.register()
        session, ack = self.said_to_the_connected()
        self.assert_suppressed(ack, "ONLINE")
        session.disconnect()
        self.bob_is("OFFLINE")
        later = self.alice.say(self.lobby, "you have gone")
        self.fate(later, "ACCEPTED")
        self.assert_suppressed(ack, "ONLINE")

    def test_what_was_read_meanwhile_is_not_told(self):
        self.register()
        self.broker.bridge.stop()
        ack = self.alice.say(self.lobby, "while the bridge is away")
        with self.client("bob") as bob:
            topic = f"chat/v1/rooms/{self.lobby}/cursor/json"
            bob.wait(lambda t=bob.publish(topic, {"read": ack["seq"]}): t in bob.pubacks, what="PUBACK")
        self.broker.start_bridge()
        self.assert_suppressed(ack, "READ")

    def test_a_subscription_that_is_no_more_is_removed(self):
        for status in (404, 410):
            with self.subTest(status=status):
                self.register(subscription=self.receiver.gone(status))
                refused = len(self.receiver.refused)
                ack = self.alice.say(self.lobby, "is anybody there?")
                fate = self.fate(ack, "FAILED")
                self.assertEqual((fate["reason"], fate["status"], fate["attempts"]), ("DEAD", status, 1), fate)
                with self.client("bob") as bob:
                    wait_until(lambda: not self.ask(bob, "push.list")["devices"], 20, "the registration is removed")
                    # The next message is for the device that is there.
                    self.ask(bob, "push.register", device="laptop", webPush=self.receiver.subscription)
                self.bob_is("OFFLINE")
                self.addCleanup(self.unregister, "laptop")
                ack = self.alice.say(self.lobby, "and now?")
                self.receiver.wait(lambda said: said.get("seq") == str(ack["seq"]), "the laptop is told")
                devices = self.ask(self.alice, "message.explain", room=self.lobby, seq=ack["seq"])["devices"]
                self.assertEqual([each["device"] for each in devices], ["laptop"])
                self.assertEqual(len(self.receiver.refused), refused + 1, self.receiver.refused)
                self.unregister("laptop")

    def test_the_key_is_the_bridges_alone(self):
        path = os.path.join(self.broker.data, "bridge/vapid.pem")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        before = self.ask(self.alice, "push.list")
        self.assertEqual((before["providers"], len(before["vapidPublicKey"])), (["WEB_PUSH"], 87), before)
        self.broker.bridge.stop()
        self.broker.start_bridge()
        self.assertEqual(self.ask(self.alice, "push.list")["vapidPublicKey"], before["vapidPublicKey"])


if __name__ == "__main__":
    main()
