"""What the bridge sends to a browser is Web Push to the packages that others read it with: http_ece decrypts it, jose verifies who
sent it. (tests/integration/push_test.py has the rest, with a receiver of Node's own cryptography.)"""
import os

from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until
from tests.support.web_push_receiver import WebPushReceiver

PACKAGES = os.environ["PARLEY_NODE_PACKAGES"]
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "web_push_packages.mjs")
SUBJECT = "mailto:admin@example.org"


class WebPushPackages(ParleyTest):
    BRIDGE = True
    BRIDGE_OPTIONS = ("--push-allow", "127.0.0.0/8", "--push-vapid-subject", SUBJECT, "--presence-grace-ms", "100")

    def test_packages_of_others_read_what_is_sent(self):
        with WebPushReceiver(PROGRAM, PACKAGES) as receiver:
            room = self.room({"alice": "owner", "bob": "member"})
            alice = self.client("alice")
            with self.client("bob") as bob:
                reply = bob.request("push.register", device="phone", webPush=receiver.subscription)
                self.assertEqual(reply["code"], "OK", reply)

            def bob_is_gone():
                seen = alice.request("presence.get", users=["bob"])["presences"]
                return seen and seen[0]["state"] == "OFFLINE"
            wait_until(bob_is_gone, 20, "bob is gone")
            texts = ["hello, Zoë", "x", "a kibibyte and more: " + "ü" * 1000, "the end"]
            for text in texts:
                alice.say(room, text)
            receiver.wait(lambda said: said["text"] == texts[-1], "the last notification")
            self.assertEqual(receiver.refused, [])
            self.assertEqual([message["payload"]["text"] for message in receiver.messages], texts)
            for message in receiver.messages:
                self.assertEqual((message["subject"], message["urgency"]), (SUBJECT, "normal"), message)
                self.assertTrue(0 < message["ttl"] <= 86400 and message["topic"], message)


if __name__ == "__main__":
    main()
