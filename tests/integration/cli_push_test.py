"""`parley push`, `parley explain` and `parley admin webhooks`: what a user and an operator type, and what they read."""
import json
import os

from tests.support.cli_test import DENIED, EXISTS, INVALID_ARGUMENT, NOT_FOUND, USAGE, CliTest
from tests.support.parley_test import main

# A point of P-256 and 16 bytes, as a browser gives them.
SUBSCRIPTION = {
    "endpoint": "https://push.example.org/send/abc", "expirationTime": None,
    "keys": {"p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
             "auth": "tBHItJI5svbpez7KI4CCXg"}}


class Registration(CliTest):

    def push(self, *arguments, user="bob", **options):
        return self.parley(user, "push", *arguments, **options)[0]

    def devices(self, user="bob"):
        return {device["device"]: device for device in json.loads(self.push("list", "--json", user=user))["devices"]}

    def test_a_device_from_registration_to_the_end(self):
        path = os.path.join(self.home, "subscription.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(SUBSCRIPTION, file)
        self.assertEqual(self.push(
            "register", "--device", "phone", "--web-push", path, "--name", "Bob's phone", "--level", "mentions",
            "--quiet", "22:00-07:00", "--time-zone", "Europe/Berlin"), "push.register: ok\n")
        of_laptop = {**SUBSCRIPTION, "endpoint": "https://push.example.org/laptop"}
        self.push("register", "--device", "laptop", "--web-push", "-", stdin=json.dumps(of_laptop).encode())
        self.push("register", "--webhook", "https://example.org/in", "--client-id", "bob-tv")
        devices = self.devices()
        self.assertEqual(set(devices), {"phone", "laptop", "bob-tv"})
        phone = devices["phone"]
        self.assertEqual((phone["name"], phone["provider"], phone["level"]), ("Bob's phone", "WEB_PUSH", "MENTIONS"))
        self.assertEqual(phone["quietHours"], {"from": "22:00", "to": "07:00", "timeZone": "Europe/Berlin"})
        self.assertNotIn(SUBSCRIPTION["keys"]["auth"], self.push("list", "--json"))
        self.assertIn('phone web_push', self.push("list"))
        self.assertEqual(self.devices("alice"), {})

        self.push("mute", "--room", self.lobby, "--device", "phone", "--for", "2h")
        self.push("level", "none", "--room", self.lobby, "--device", "laptop")
        self.push("preview", "hidden", "--device", "laptop")
        devices = self.devices()
        self.assertGreater(int(devices["phone"]["rooms"][0]["mutedUntilMs"]), 0)
        self.assertEqual(devices["laptop"]["rooms"][0]["level"], "NONE")
        self.assertEqual(devices["laptop"]["preview"], "HIDDEN")
        self.assertIn(f"  {self.lobby} muted until ", self.push("list"))
        self.push("unmute", "--room", self.lobby)
        self.push("level", "default", "--room", self.lobby)
        self.assertTrue(all(not device["rooms"] for device in self.devices().values()))

        for device in devices:
            self.push("unregister", "--device", device)
        self.assertEqual(self.devices(), {})
        self.assertIn("no device is registered", self.push("list"))

    def test_what_is_wrong_is_said_in_one_line(self):
        self.push("register", "--device", "phone", code=USAGE)
        self.push("register", "--web-push", "-", stdin=b"{}", code=USAGE)
        self.push("register", "--device", "d", "--web-push", "-", stdin=b"{}", code=USAGE)
        self.push("register", "--device", "d", "--webhook", "ftp://example.org/", code=INVALID_ARGUMENT)
        _, err = self.parley("bob", "push", "register", "--device", "d", "--fcm", "t", "--quiet", "22:00-7",
                             "--time-zone", "UTC", code=INVALID_ARGUMENT)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.push("mute", "--device", "none-such", code=NOT_FOUND)
        self.push("test", "--device", "none-such", code=NOT_FOUND)


class Explain(CliTest):

    def test_who_may_read_it(self):
        with self.client("alice") as alice:
            seq = str(alice.say(self.lobby, "hello")["seq"])
        shown = json.loads(self.parley("alice", "explain", self.lobby, seq, "--json")[0])
        self.assertEqual((shown["room"], shown["seq"], shown["sender"]), (self.lobby, seq, "alice"))
        self.assertLessEqual(int(shown["gateMs"]), int(shown["committedMs"]))
        out = self.parley("bob", "explain", self.lobby, seq)[0]
        self.assertTrue(out.startswith(f"{self.lobby} #{seq} alice"), out)
        for step in ("gate ", "commit ", "delivered "):
            self.assertIn("\n  " + step, out)
        self.assertIn(f"{self.lobby} #{seq} alice", self.admin_parley("admin", "explain", self.lobby, seq)[0])
        self.parley("mallory", "explain", self.lobby, seq, code=DENIED)
        self.parley("alice", "explain", self.lobby, "99", code=NOT_FOUND)
        self.parley("alice", "explain", self.lobby, code=USAGE)
        self.parley("alice", "explain", self.lobby, "first", code=USAGE)


class Webhooks(CliTest):

    def webhooks(self, *arguments, **options):
        return self.admin_parley("admin", "webhooks", *arguments, **options)[0]

    def test_a_webhook_from_creation_to_the_end(self):
        out = self.webhooks("create", "hook", "https://example.org/in", "--room", self.lobby, "--event", "text")
        self.assertRegex(out, r"secret: whsec_\S{40,}")
        self.webhooks("create", "hook", "https://example.org/in", code=EXISTS)
        shown = self.webhooks("list")
        self.assertTrue(shown.startswith(f"hook {self.lobby} "), shown)
        self.assertNotIn("whsec_", shown + self.webhooks("show", "hook", "--json"))
        self.webhooks("update", "hook", "--disable")
        self.assertIn("disabled", self.webhooks("show", "hook"))
        self.webhooks("update", "hook", "--enable", "--event", "all", "--url", "https://example.org/other")
        data = json.loads(self.webhooks("show", "hook", "--json"))["data"]
        self.assertEqual((data["disabled"], data["events"], data["url"]), (False, [], "https://example.org/other"))
        self.webhooks("pause", "hook")
        self.assertTrue(json.loads(self.webhooks("show", "hook", "--json"))["data"]["paused"])
        self.webhooks("resume", "hook")
        self.assertRegex(self.webhooks("update", "hook", "--new-secret"), r"secret: whsec_\S{40,}")
        self.webhooks("delete", "hook")
        self.webhooks("show", "hook", code=NOT_FOUND)
        self.webhooks(code=USAGE)
        self.parley("alice", "admin", "webhooks", "list", code=DENIED)


if __name__ == "__main__":
    main()
