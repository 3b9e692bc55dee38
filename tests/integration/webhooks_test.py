"""Outgoing webhooks: what a receiver gets that is none of ours, and what an administrator sees of it."""
import http.client

from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until
from tests.support.webhook_receiver import WebhookReceiver

ALLOW = ("--push-allow", "127.0.0.0/8")


class WebhookTest(ParleyTest):
    BRIDGE = True

    def setUp(self):
        self.receiver = WebhookReceiver()
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.addCleanup(lambda: self.assertEqual(self.receiver.bad, []))
        self.asks = self.admin()

    def hook(self, name, url=None, **fields):
        """A new webhook to the receiver (or that URL), which the bridge knows. Deleted at the end of the test."""
        path = f"/{name}"
        made = self.asks.command("createWebhook", webhook=name, url=url or self.receiver.url(path), **fields)
        self.receiver.secrets[path] = made["secret"]
        self.addCleanup(lambda: self.make_admin().control({"command": "deleteWebhook", "webhook": name}))
        return made

    def status(self, name):
        return self.asks.command("getWebhook", webhook=name)

    def wait_status(self, name, condition, what):
        def there():
            status = self.status(name)
            return status if condition(status) else None
        return wait_until(there, 30, what)

    def wait_places(self, name, places):
        wait_until(lambda: len(self.receiver.places(f"/{name}")) >= len(places), 30, f"{name} got {len(places)} events")
        self.assertEqual(sorted(self.receiver.places(f"/{name}")), sorted(places))

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.broker.http_port, timeout=5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()


class Delivered(WebhookTest):
    BRIDGE_OPTIONS = ALLOW

    def test_every_event_is_posted_signed_and_in_order(self):
        room, other = self.room({"alice": "owner"}), self.room({"bob": "owner"})
        made = self.hook("all")
        self.assertTrue(made["secret"].startswith("whsec_"), made)
        self.hook("one", room=room, events=["text"])
        alice, bob = self.client("alice"), self.client("bob")
        for number in range(10):
            alice.say(room, f"message {number}")
            bob.say(other, f"message {number}")
        self.asks.command("addMember", room=room, user="carol", role="member")
        self.wait_places("all", [(room, seq) for seq in range(2, 13)] + [(other, seq) for seq in range(2, 12)])
        self.wait_places("one", [(room, seq) for seq in range(2, 12)])
        for path in ("/all", "/one"):
            seqs = [seq for name, seq in self.receiver.places(path) if name == room]
            self.assertEqual(seqs, sorted(seqs))
        first = self.receiver.deliveries("/one")[0]
        self.assertEqual((first.body["type"], first.body["webhook"]), ("event", "one"))
        self.assertEqual((first.event["sender"], first.event["text"]["text"]), ("alice", "message 0"))
        self.assertRegex(first.headers["user-agent"], r"^parley-bridge/\d")
        ids = [each.headers["webhook-id"] for each in self.receiver.deliveries("/all")]
        self.assertEqual(len(ids), len(set(ids)))
        status = self.wait_status("all", lambda s: s["delivered"] == 21 and s["lagEntries"] == 0, "all is done")
        self.assertEqual((status["paused"], status["lastStatus"], status["lastError"], status["failedAttempts"]),
                         (False, 200, "", 0), status)
        self.assertNotIn("secret", status)
        listed = self.asks.command("listWebhooks")
        self.assertEqual([each["webhook"] for each in listed["webhooks"]], ["all", "one"])
        self.assertEqual(listed["totalCount"], 2)
        self.assertIn('parley_webhook_delivered_total{webhook="all"} 21', self.metrics())

    def test_a_test_is_one_request_and_its_outcome(self):
        self.hook("tried")
        self.assertEqual(self.asks.command("testWebhook", webhook="tried"), {"ok": True, "status": 200, "error": ""})
        delivery, = self.receiver.deliveries("/tried")
        self.assertEqual(delivery.body, {"type": "test", "webhook": "tried"})
        self.receiver.answer = lambda body, path: (404, {})
        outcome = self.asks.command("testWebhook", webhook="tried")
        self.assertEqual((outcome["ok"], outcome["status"]), (False, 404))
        self.assertIn("404", outcome["error"])

    def test_unknown_webhooks_are_named(self):
        for command in ("getWebhook", "pauseWebhook", "resumeWebhook", "testWebhook"):
            answer, = self.asks.control({"command": command, "webhook": "nobody"})
            self.assertIn("nobody", answer["error"])
            answer, = self.asks.control({"command": command})
            self.assertIn("webhook: give its name", answer["error"])

    def test_paused_it_waits_and_goes_on_where_it_stopped(self):
        room = self.room({"alice": "owner"})
        self.hook("waits", room=room)
        alice = self.client("alice")
        alice.say(room, "one")
        self.wait_places("waits", [(room, 2)])
        self.asks.command("pauseWebhook", webhook="waits")
        alice.say(room, "two")
        self.assertTrue(self.status("waits")["paused"])
        # Through restarts of both.
        self.broker.restart()
        self.asks = self.admin()
        alice = self.client("alice")
        alice.say(room, "three")
        status = self.wait_status("waits", lambda s: int(s["head"]) > int(s["offset"]), "it is behind")
        self.assertTrue(status["paused"])
        self.asks.command("resumeWebhook", webhook="waits")
        self.wait_places("waits", [(room, seq) for seq in range(2, 5)])

    def test_a_failure_is_tried_again(self):
        room = self.room({"alice": "owner"})
        self.hook("shaky", room=room)
        times = []

        def answer(body, path):
            if path == "/shaky" and len(times) < 2:
                times.append(path)
                return (503, {"retry-after": "1"}) if len(times) == 1 else None
            return 200, {}
        self.receiver.answer = answer
        self.client("alice").say(room, "one")
        self.wait_places("shaky", [(room, 2)])
        deliveries = self.receiver.deliveries("/shaky")
        self.assertEqual([each.status for each in deliveries], [503, None, 200])
        self.assertEqual(len({each.headers["webhook-id"] for each in deliveries}), 1)
        self.assertGreaterEqual(deliveries[1].at_s - deliveries[0].at_s, 0.9)
        status = self.wait_status("shaky", lambda s: s["delivered"] == 1, "it was taken")
        self.assertEqual((status["failedAttempts"], status["lastError"]), (2, ""))

    def test_a_new_secret_and_a_deleted_webhook(self):
        room = self.room({"alice": "owner"})
        self.hook("turns", room=room)
        alice = self.client("alice")
        alice.say(room, "one")
        self.wait_places("turns", [(room, 2)])
        made = self.asks.command("updateWebhook", webhook="turns", newSecret=True)
        self.receiver.secrets["/turns"] = made["secret"]
        alice.say(room, "two")
        self.wait_places("turns", [(room, 2), (room, 3)])
        self.asks.command("deleteWebhook", webhook="turns")
        alice.say(room, "three")
        answer, = self.asks.control({"command": "getWebhook", "webhook": "turns"})
        self.assertEqual(answer["code"], "NOT_FOUND")
        self.wait_places("turns", [(room, 2), (room, 3)])


class GivesUp(WebhookTest):
    BRIDGE_OPTIONS = (*ALLOW, "--webhook-attempts", "2", "--webhook-patience", "1")

    def test_it_is_paused_when_it_fails_too_often(self):
        room = self.room({"alice": "owner"})
        self.hook("down", room=room)
        self.receiver.answer = lambda body, path: (500, {})
        self.client("alice").say(room, "one")
        status = self.wait_status("down", lambda s: s["paused"], "it is paused")
        self.assertIn("the receiver answered 500", status["why"])
        self.assertIn('parley_webhook_paused{webhook="down"} 1', self.metrics())
        self.assertIn("webhook down: paused: it failed too often", self.broker.bridge.log())
        self.receiver.answer = lambda body, path: (200, {})
        self.asks.command("resumeWebhook", webhook="down")
        self.wait_places("down", [(room, 2)])

    def test_gone_pauses_at_once(self):
        room = self.room({"alice": "owner"})
        self.hook("gone", room=room)
        self.receiver.answer = lambda body, path: (410, {})
        self.client("alice").say(room, "one")
        status = self.wait_status("gone", lambda s: s["paused"], "it is paused")
        self.assertEqual(status["failedAttempts"], 1)
        self.assertIn("410", status["why"])


if __name__ == "__main__":
    main()
