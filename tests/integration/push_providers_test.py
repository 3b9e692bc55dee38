"""FCM and APNs from a message to the service: stand-ins of Node's own HTTP/2 and cryptography check who asks, and answer each
way that is documented."""
import itertools
import shutil
import tempfile

from tests.support.parley_test import ParleyTest, main
from tests.support.receivers import PushServices
from tests.support.waiting import wait_until


def reason(status, name, **headers):
    """An error of APNs."""
    return {"status": status, "body": {"reason": name}, "headers": headers}


def error(status, name, code="", **headers):
    """An error of FCM."""
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return {"status": status, "headers": headers,
            "body": {"error": {"code": status, "status": name, "message": "words", "details": details}}}


class Providers(ParleyTest):
    BRIDGE = True
    tokens = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="parley-push-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.services = PushServices(folder)
        cls.services.__enter__()
        cls.addClassCleanup(cls.services.__exit__)
        cls.BRIDGE_OPTIONS = (*cls.services.bridge_options(), "--presence-grace-ms", "100")
        super().setUpClass()

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.alice = self.client("alice")
        self.addCleanup(lambda: self.assertEqual(self.services.problems(), []))

    def ask(self, client, method, **fields):
        reply = client.request(method, **fields)
        self.assertEqual(reply["code"], "OK", reply)
        return reply

    def register(self, provider):
        """Bob's phone, with a new token; then he is gone, and presence knows it."""
        self.token = f"{next(self.tokens):064x}"
        target = {"fcm": {"token": self.token}} if provider == "fcm" else {"apns": {"token": self.token}}
        with self.client("bob") as bob:
            self.ask(bob, "push.register", device="phone", **target)
        self.bob_is_gone()
        self.addCleanup(self.unregister)

    def bob_is_gone(self):
        def there():
            seen = self.ask(self.alice, "presence.get", users=["bob"])["presences"]
            return seen and seen[0]["state"] == "OFFLINE"
        wait_until(there, 20, "bob is gone")

    def unregister(self, device="phone"):
        with self.client("bob") as bob:
            bob.request("push.unregister", device=device)
        self.bob_is_gone()

    def fate(self, ack, *states):
        """What became of a message on Bob's phone, once it is one of these states."""
        def found():
            devices = self.ask(self.alice, "message.explain", room=self.lobby, seq=ack["seq"])["devices"]
            return devices[0] if devices and devices[0]["state"] in states else None
        return wait_until(found, 40, f"the fate is {states}")

    def came(self, service):
        """The requests for Bob's phone."""
        def is_for(request):
            if service == "apns":
                return request["path"].endswith(self.token)
            return isinstance(request["body"], dict) and request["body"]["message"]["token"] == self.token
        return [each for each in self.services.requests(service) if is_for(each)]

    def devices(self):
        with self.client("bob") as bob:
            return [each["device"] for each in self.ask(bob, "push.list")["devices"]]

    def tell(self, service, answers, state, why="NO_REASON", attempts=None):
        """A message whose first requests are answered so, until it is in that state for that reason, after that many attempts."""
        self.services.answer(service, *answers)
        ack = self.alice.say(self.lobby, "hello")
        fate = self.fate(ack, state)
        self.assertEqual(fate["reason"], why, fate)
        requests = self.came(service)
        if attempts is not None:
            self.assertEqual((len(requests), fate["attempts"]), (attempts, attempts), fate)
        return requests, fate


class Apns(Providers):
    def setUp(self):
        super().setUp()
        self.register("apns")

    def test_a_message_is_an_alert_and_is_taken_back_when_it_was_read(self):
        ack = self.alice.say(self.lobby, "hello, Zoë")
        fate = self.fate(ack, "ACCEPTED")
        self.assertEqual((fate["provider"], fate["status"], fate["attempts"]), ("APNS", 200, 1), fate)
        shown, = self.came("apns")
        self.assertEqual((shown["version"], shown["headers"]["apns-topic"], shown["headers"]["apns-push-type"]),
                         ("2.0", PushServices.TOPIC, "alert"))
        self.assertEqual(shown["token"]["header"], {"alg": "ES256", "kid": PushServices.KEY_ID, "typ": "JWT"})
        self.assertEqual(shown["token"]["claims"]["iss"], PushServices.TEAM)
        aps = shown["body"]["aps"]
        self.assertEqual(aps["alert"], {"title": self.lobby, "body": "alice: hello, Zoë"}, aps)
        self.assertGreaterEqual(aps["badge"], 1, "of all rooms")
        with self.client("bob") as bob:
            bob.publish(f"chat/v1/rooms/{self.lobby}/cursor/json", {"read": ack["seq"]})
            self.fate(ack, "WITHDRAWN")
        taken = wait_until(lambda: self.came("apns")[1:], 20, "it is taken back")[0]
        self.assertEqual((taken["headers"]["apns-push-type"], taken["body"]["aps"]), ("background", {"content-available": 1}))
        self.assertEqual(taken["headers"]["apns-collapse-id"], shown["headers"]["apns-collapse-id"])

    def test_a_long_text_is_cut(self):
        ack = self.alice.say(self.lobby, "€" * 3000)
        self.fate(ack, "ACCEPTED")
        body = self.came("apns")[0]["body"]["aps"]["alert"]["body"]
        self.assertTrue(body.startswith("alice: €€€") and body.endswith("€") and len(body) < 3000)

    def test_a_device_that_is_no_more_is_removed(self):
        for answer in (reason(410, "Unregistered"), reason(400, "BadDeviceToken"), reason(400, "DeviceTokenNotForTopic")):
            with self.subTest(answer=answer):
                self.register("apns")
                self.tell("apns", [answer], "FAILED", "DEAD", attempts=1)
                wait_until(lambda: self.devices() == [], 20, "it is removed")
                self.bob_is_gone()

    def test_what_is_refused_is_not_sent_again(self):
        for answer in (reason(413, "PayloadTooLarge"), reason(400, "BadTopic")):
            with self.subTest(answer=answer):
                self.register("apns")
                self.tell("apns", [answer], "FAILED", "REFUSED", attempts=1)
                self.assertEqual(self.devices(), ["phone"])
                self.bob_is_gone()

    def test_what_is_put_off_is_sent_again(self):
        for answer in (reason(429, "TooManyRequests", **{"retry-after": "1"}), reason(429, "TooManyProviderTokenUpdates"),
                       reason(500, "InternalServerError"), reason(503, "Shutdown"), {"act": "goaway"}):
            with self.subTest(answer=answer):
                self.register("apns")
                requests, _ = self.tell("apns", [answer], "ACCEPTED")
                self.assertEqual(len(requests), 2)
                self.assertEqual(len({each["headers"]["apns-id"] for each in requests}), 1)

    def test_a_stream_that_is_refused_is_sent_again_or_given_up_but_shown_once(self):
        self.services.answer("apns", {"act": "refuse"})
        ack = self.alice.say(self.lobby, "hello")
        # On a connection that was used before, the HTTP client cannot always tell that the server has looked at nothing.
        fate = self.fate(ack, "ACCEPTED", "UNKNOWN")
        answers = ["refuse", 200] if fate["state"] == "ACCEPTED" else ["refuse"]
        self.assertEqual([each["answer"] for each in self.came("apns")], answers, fate)

    def test_what_has_no_answer_is_not_sent_again(self):
        for answer in ({"act": "close"}, {"act": "reset"}):
            with self.subTest(answer=answer):
                self.register("apns")
                self.tell("apns", [answer], "UNKNOWN", "NO_ANSWER", attempts=1)
                # The next one goes its way, over another connection if need be.
                self.tell("apns", [], "ACCEPTED", attempts=None)
                self.assertEqual(len(self.came("apns")), 2)

    def test_an_expired_provider_token_is_replaced(self):
        requests, _ = self.tell("apns", [reason(403, "ExpiredProviderToken")], "ACCEPTED", attempts=2)
        tokens = [each["headers"]["authorization"] for each in requests]
        self.assertNotEqual(*tokens)

    def test_while_our_key_is_refused_all_wait(self):
        self.services.answer("apns", reason(403, "InvalidProviderToken"))
        ack = self.alice.say(self.lobby, "hello")
        wait_until(lambda: self.came("apns"), 20, "it is tried")
        self.assertEqual(self.fate(ack, "WAITING")["reason"], "NO_REASON")
        self.fate(ack, "ACCEPTED")
        self.assertEqual([each["answer"] for each in self.came("apns")], [403, 200])


class Fcm(Providers):
    def setUp(self):
        super().setUp()
        self.register("fcm")

    def test_a_message_is_sent_after_one_sign_in_and_taken_back_when_it_was_read(self):
        ack = self.alice.say(self.lobby, "hello, Zoë")
        fate = self.fate(ack, "ACCEPTED")
        self.assertEqual((fate["provider"], fate["status"], fate["attempts"]), ("FCM", 200, 1), fate)
        shown = self.came("fcm")[0]
        self.assertEqual(shown["path"], f"/v1/projects/{PushServices.PROJECT}/messages:send")
        message = shown["body"]["message"]
        self.assertEqual(message["notification"], {"title": self.lobby, "body": "alice: hello, Zoë"})
        self.assertEqual((message["data"]["seq"], message["data"]["sender"]), (str(ack["seq"]), "alice"))
        again = self.alice.say(self.lobby, "and again")
        self.fate(again, "ACCEPTED")
        access = [each["headers"]["authorization"] for each in self.came("fcm")]
        self.assertEqual(len(set(access)), 1, access)
        with self.client("bob") as bob:
            bob.publish(f"chat/v1/rooms/{self.lobby}/cursor/json", {"read": again["seq"]})
            self.fate(again, "WITHDRAWN")
        taken = wait_until(lambda: self.came("fcm")[2:], 20, "it is taken back")[0]["body"]["message"]
        self.assertEqual(taken["data"]["type"], "withdraw")
        self.assertNotIn("notification", taken)
        self.assertEqual(taken["android"]["collapse_key"], message["android"]["collapse_key"])

    def test_a_device_that_is_no_more_is_removed(self):
        for answer in (error(404, "NOT_FOUND", "UNREGISTERED"), error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")):
            with self.subTest(answer=answer):
                self.register("fcm")
                self.tell("fcm", [answer], "FAILED", "DEAD", attempts=1)
                wait_until(lambda: self.devices() == [], 20, "it is removed")
                self.bob_is_gone()

    def test_what_is_refused_is_not_sent_again(self):
        self.tell("fcm", [error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")], "FAILED", "REFUSED", attempts=1)
        self.assertEqual(self.devices(), ["phone"])

    def test_what_is_put_off_is_sent_again(self):
        for answer in (error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", **{"retry-after": "1"}),
                       error(500, "INTERNAL", "INTERNAL"), error(503, "UNAVAILABLE", "UNAVAILABLE", **{"retry-after": "1"})):
            with self.subTest(answer=answer):
                self.register("fcm")
                self.tell("fcm", [answer], "ACCEPTED", attempts=2)

    def test_what_has_no_answer_is_not_sent_again(self):
        self.tell("fcm", [{"act": "close"}], "UNKNOWN", "NO_ANSWER", attempts=1)

    def test_a_token_that_is_refused_is_replaced(self):
        requests, _ = self.tell("fcm", [error(401, "UNAUTHENTICATED")], "ACCEPTED", attempts=2)
        self.assertNotEqual(*[each["headers"]["authorization"] for each in requests])


class Hanging(Providers):
    def test_a_provider_that_hangs_delays_no_other(self):
        """More messages than a provider may have under way: Apple answers none of them, and Google's devices are told of all."""
        count = 300
        self.register("apns")
        token = f"{next(self.tokens):064x}"
        with self.client("bob") as bob:
            self.ask(bob, "push.register", device="tablet", fcm={"token": token})
        self.addCleanup(self.unregister, "tablet")
        self.bob_is_gone()
        self.services.answer("apns", *[{"act": "hang"}] * count)
        ids = [self.alice.send(self.lobby, f"message {i}") for i in range(count)]
        last = [self.alice.ack(each, 60) for each in ids][-1]

        def told():
            return {each["body"]["message"]["data"]["seq"] for each in self.services.requests("fcm")
                    if each["body"]["message"]["token"] == token}
        wait_until(lambda: len(told()) == count, 60, "FCM has every message")

        def states(ack):
            devices = self.ask(self.alice, "message.explain", room=self.lobby, seq=ack["seq"])["devices"]
            return {each["device"]: each["state"] for each in devices}
        wait_until(lambda: states(last)["tablet"] == "ACCEPTED", 20, "the bridge knows it")
        # Apple has them, and none has come to an end meanwhile.
        requests = self.came("apns")
        self.assertTrue(requests and all(each["answer"] == "hang" for each in requests), len(requests))
        first = min(int(each["body"]["parley"]["seq"]) for each in requests)
        self.assertEqual((states({"seq": first})["phone"], states(last)["phone"]), ("SENDING", "WAITING"))


class SignIn(Providers):
    def test_a_sign_in_that_fails_is_tried_again(self):
        self.register("fcm")
        self.services.answer("oauth", {"status": 503, "headers": {"retry-after": "1"}}, {"act": "close"})
        ack = self.alice.say(self.lobby, "hello")
        self.assertEqual(self.fate(ack, "ACCEPTED")["attempts"], 1)
        self.assertEqual([each["answer"] for each in self.services.requests("oauth")], [503, "close", 200])


if __name__ == "__main__":
    main()
