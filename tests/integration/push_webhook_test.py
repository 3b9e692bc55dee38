"""Notifications to an HTTP endpoint of the user's own: a receiver of nothing of ours checks each signature."""
import base64
import os
import secrets
import shutil
import tempfile

from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until
from tests.support.webhook_receiver import WebhookReceiver

SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
PATH = "/bob"


class PushWebhook(ParleyTest):
    BRIDGE = True

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="parley-push-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        path = os.path.join(folder, "secret")
        with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(SECRET + "\n")
        cls.BRIDGE_OPTIONS = ("--push-allow", "127.0.0.0/8", "--push-webhook-secret", path, "--presence-grace-ms", "100")
        super().setUpClass()

    def setUp(self):
        self.receiver = WebhookReceiver({PATH: SECRET})
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.addCleanup(lambda: self.assertEqual(self.receiver.bad, []))
        self.room_name = self.room({"alice": "owner", "bob": "member"})
        self.alice = self.client("alice")
        with self.client("bob") as bob:
            self.ask(bob, "push.register", device="bot", webhook={"url": self.receiver.url(PATH)})
        self.bob_is_gone()

    def ask(self, client, method, **fields):
        reply = client.request(method, **fields)
        self.assertEqual(reply["code"], "OK", reply)
        return reply

    def bob_is_gone(self):
        def there():
            seen = self.ask(self.alice, "presence.get", users=["bob"])["presences"]
            return seen and seen[0]["state"] == "OFFLINE"
        wait_until(there, 20, "bob is gone")

    def fates(self, ack):
        return self.ask(self.alice, "message.explain", room=self.room_name, seq=ack["seq"])["devices"]

    def fate(self, ack, state):
        """What became of a message on Bob's bot, once it is that."""
        def found():
            return next((each for each in self.fates(ack) if each["device"] == "bot" and each["state"] == state), None)
        return wait_until(found, 20, f"the fate is {state}")

    def came(self, ack):
        """The requests of a message, in order."""
        return [each for each in self.receiver.deliveries(PATH)
                if each.body["type"] == "message" and each.body.get("seq") == str(ack["seq"])]

    def test_a_notification_is_signed_and_taken_back_when_it_was_read(self):
        ack = self.alice.say(self.room_name, "hello, Zoë")
        fate = self.fate(ack, "ACCEPTED")
        self.assertEqual((fate["provider"], fate["status"], fate["attempts"]), ("WEBHOOK", 200, 1), fate)
        shown, = self.came(ack)
        said = shown.body
        self.assertEqual((said["user"], said["device"], said["room"], said["sender"], said["text"]),
                         ("bob", "bot", self.room_name, "alice", "hello, Zoë"), said)
        self.assertEqual(shown.headers["webhook-id"], said["id"])
        with self.client("bob") as bob:
            bob.publish(f"chat/v1/rooms/{self.room_name}/cursor/json", {"read": ack["seq"]})
            self.fate(ack, "WITHDRAWN")
        taken = wait_until(lambda: [each for each in self.receiver.deliveries(PATH) if each.body["type"] == "withdraw"], 20,
                           "it is taken back")
        self.assertEqual((len(taken), taken[0].body["room"]), (1, self.room_name), taken[0].body)
        self.assertEqual(len(self.came(ack)), 1)

    def test_another_attempt_has_the_same_id_and_a_signature_of_its_own(self):
        answers = [(503, {"retry-after": "1"}), (200, {})]
        self.receiver.answer = lambda body, path: answers.pop(0)
        ack = self.alice.say(self.room_name, "hello")
        self.assertEqual(self.fate(ack, "ACCEPTED")["attempts"], 2)
        first, second = self.came(ack)
        self.assertEqual(first.headers["webhook-id"], second.headers["webhook-id"])
        self.assertLess(int(first.headers["webhook-timestamp"]), int(second.headers["webhook-timestamp"]))
        self.assertNotEqual(first.headers["webhook-signature"], second.headers["webhook-signature"])

    def test_an_endpoint_that_is_gone_is_removed(self):
        self.receiver.answer = lambda body, path: (410, {})
        ack = self.alice.say(self.room_name, "is anybody there?")
        fate = self.fate(ack, "FAILED")
        self.assertEqual((fate["reason"], fate["status"], fate["attempts"]), ("DEAD", 410, 1), fate)
        with self.client("bob") as bob:
            wait_until(lambda: not self.ask(bob, "push.list")["devices"], 20, "the registration is removed")


if __name__ == "__main__":
    main()
