"""Threat 20: somebody makes the server call an address that only the server can reach. Webhooks are made by administrators and push
targets by any user; neither may reach what is private, by whatever name, and who looks is told why in one line."""
from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until
from tests.support.webhook_receiver import WebhookReceiver

# Literal addresses: what is not public, in the ways that it can be written.
FORBIDDEN = {
    "loopback": "https://127.0.0.1/hook",
    "another_loopback": "https://127.8.9.10/hook",
    "loopback_as_a_number": "https://2130706433/hook",
    "loopback_in_hexadecimal": "https://0x7f.1/hook",
    "unspecified": "https://0.0.0.0/hook",
    "private_10": "https://10.0.0.1/hook",
    "private_172": "https://172.16.0.1/hook",
    "private_192": "https://192.168.1.1/hook",
    "carrier": "https://100.64.0.1/hook",
    "link_local_metadata": "https://169.254.169.254/latest/meta-data",
    "multicast": "https://224.0.0.1/hook",
    "loopback_6": "https://[::1]/hook",
    "unique_local_6": "https://[fd00::1]/hook",
    "link_local_6": "https://[fe80::1]/hook",
    "mapped_loopback": "https://[::ffff:127.0.0.1]/hook",
    "mapped_private": "https://[::ffff:10.0.0.1]/hook",
    # Not known before it is resolved.
    "a_name_of_loopback": "https://localhost/hook",
}


class OutboundThreats(ParleyTest):
    BRIDGE = True
    BRIDGE_OPTIONS = ()

    def setUp(self):
        self.asks = self.admin()

    def hook(self, name, url, **fields):
        made, = self.asks.control({"command": "createWebhook", "webhook": name, "url": url, **fields})
        self.addCleanup(lambda: self.make_admin().control({"command": "deleteWebhook", "webhook": name}))
        return made

    def status(self, name):
        return self.asks.command("getWebhook", webhook=name)

    def refusal(self, name):
        """The one line that getWebhook has of a webhook that got an event to send."""
        def said():
            status = self.status(name)
            return status.get("why") or status["lastError"]
        return wait_until(said, 30, f"{name} says why")


class Webhooks(OutboundThreats):
    def test_threat_20_webhooks_to_addresses_that_are_not_public(self):
        room = self.room({"alice": "owner"})
        made = []
        for name, url in FORBIDDEN.items():
            answer = self.hook(name, url, room=room)
            if answer.get("error"):  # refused by its form already
                self.assertEqual(answer["code"], "INVALID_ARGUMENT", answer)
                self.assertNotIn("\n", answer["error"])
            else:
                made.append(name)
        self.assertIn("link_local_metadata", made)
        self.client("alice").say(room, "a secret")
        for name in made:
            with self.subTest(name):
                line = self.refusal(name)
                self.assertNotIn("\n", line)
                self.assertLess(len(line), 300)
                self.assertRegex(line, "address|resolve|host", name)
                self.assertEqual(self.status(name)["delivered"], 0)

    def test_threat_20_nothing_arrives_at_a_listener_of_this_machine(self):
        room = self.room({"alice": "owner"})
        with WebhookReceiver() as receiver:
            for name, host in (("literal", "127.0.0.1"), ("named", "localhost"), ("mapped", "[::ffff:127.0.0.1]")):
                for scheme in ("http", "https"):
                    url = f"{scheme}://{host}:{receiver.port}/{name}"
                    self.assertFalse(self.hook(f"{name}-{scheme}", url, room=room).get("error"))
            self.client("alice").say(room, "a secret")
            for name in ("literal", "named", "mapped"):
                for scheme in ("http", "https"):
                    self.assertTrue(self.refusal(f"{name}-{scheme}"))
            self.assertEqual(receiver.connections, 0)

    def test_threat_20_a_test_is_refused_as_well(self):
        self.hook("metadata", "https://169.254.169.254/latest")
        answer, = self.asks.control({"command": "testWebhook", "webhook": "metadata"})
        self.assertIn("169.254.169.254", answer.get("error") or answer["data"]["error"], answer)


class Redirects(OutboundThreats):
    # One address of this machine stands for the world; all others stay forbidden.
    BRIDGE_OPTIONS = ("--push-allow", "127.0.0.2")

    def test_threat_20_a_redirect_is_not_followed(self):
        room = self.room({"alice": "owner"})
        with WebhookReceiver() as hidden, WebhookReceiver(host="127.0.0.2") as receiver:
            made = self.hook("led", receiver.url("/led"), room=room)
            receiver.secrets["/led"] = hidden.secrets["/hidden"] = made["data"]["secret"]
            for status in (301, 302, 303, 307, 308):
                receiver.answer = lambda body, path, status=status: (status, {"location": hidden.url("/hidden"),
                                                                            "retry-after": "0"})
                before = len(receiver.deliveries())
                self.client("alice").say(room, f"a secret, {status}")
                wait_until(lambda n=before: len(receiver.deliveries()) > n, 30, "it was tried")
                line = wait_until(lambda s=status: self.status("led")["lastError"]
                                  if str(s) in self.status("led")["lastError"] else None, 30, "it says why")
                self.assertIn("redirects are not followed", line)
            self.assertEqual(hidden.connections, 0)

    def test_threat_20_what_is_allowed_is_that_network_alone(self):
        room = self.room({"alice": "owner"})
        with WebhookReceiver() as other:
            self.hook("other", other.url("/other"), room=room)
            self.client("alice").say(room, "a secret")
            self.assertIn("127.0.0.1", self.refusal("other"))
            self.assertEqual(other.connections, 0)


if __name__ == "__main__":
    main()
