"""Devices that want notifications: registered, muted and removed by their user, in 3.1.1 and 5, JSON and protobuf; and
the admin commands of outgoing webhooks."""
import base64
import os

from tests.support import wire
from tests.support.parley_test import VERSIONS, ParleyTest, main

FCM = {"token": "a-token:of-FCM_1"}
FOR_EVER = str(2 ** 64 - 1)


def url_safe(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def subscription(**changes):
    """A browser's PushSubscription.toJSON()."""
    keys = {"p256dh": url_safe(b"\x04" + os.urandom(64)), "auth": url_safe(os.urandom(16))}
    keys.update({name: value for name, value in changes.items() if name in keys})
    return {"endpoint": changes.get("endpoint", "https://push.example.org/wpush/v2/secret"), "expirationTime": None,
            "keys": keys}


class PushRegistration(ParleyTest):
    def ask(self, client, method, code="OK", **body):
        """The reply; it must have this code and a reason when it is no OK."""
        reply = client.request(method, **body)
        self.assertEqual(reply["code"], code, reply)
        self.assertEqual(reply["reason"] == "", code == "OK", reply)
        return reply

    def refused(self, admin, command, code, word, **fields):
        response = admin.control({"command": command, **fields})[0]
        self.assertEqual(response.get("code"), code, response)
        self.assertIn(word, response["error"])

    def test_a_device_is_registered_muted_and_removed(self):
        room = self.room({"alice": "owner", "bob": "member"})
        for version in VERSIONS:
            alice, bob = self.client("alice", version=version), self.client("bob", version=version)
            for target in ({"webPush": subscription()}, {"fcm": FCM}, {"apns": {"token": "00ff" * 16, "topic": "org.example.chat"}},
                           {"webhook": {"url": "http://127.0.0.1:1/hook"}}):
                with self.subTest(version=version, target=target):
                    reply = self.ask(alice, "push.register", **target)
                    self.assertEqual(sorted(reply), ["code", "reason", "requestId"])
                    self.ask(alice, "push.register", name="Alice's phone", level="MENTIONS", preview="HIDDEN",
                             quietHours={"from": "22:00", "to": "07:00", "timeZone": "Europe/Berlin"}, **target)
            self.ask(alice, "push.register", **target)  # said again
            self.ask(alice, "push.mute", room=room, untilMs=FOR_EVER)
            self.ask(alice, "push.mute", device=alice.client_id, level="NONE")
            self.ask(alice, "push.mute", untilMs=0)
            # One's own devices only.
            self.ask(bob, "push.unregister", "NOT_FOUND", device=alice.client_id)
            self.ask(bob, "push.mute", "NOT_FOUND", device=alice.client_id, untilMs=FOR_EVER)
            self.ask(bob, "push.mute", "NOT_FOUND", untilMs=FOR_EVER)
            self.ask(alice, "push.unregister")
            self.ask(alice, "push.unregister", "NOT_FOUND")
            self.ask(alice, "push.register", device="the-tablet", fcm=FCM)
            self.ask(alice, "push.unregister", device="the-tablet")

    def test_bad_requests_name_the_field(self):
        alice = self.client("alice")
        self.ask(alice, "push.register", fcm=FCM)
        short, long = url_safe(b"\x04" + bytes(63)), url_safe(bytes(17))
        for method, body, field in [
                ("push.register", {}, "webPush, fcm, apns, webhook"),
                ("push.register", {"fcm": FCM, "device": "no spaces"}, "device"),
                ("push.register", {"fcm": FCM, "device": "x" * 129}, "device"),
                ("push.register", {"fcm": FCM, "name": "bell\u0007"}, "name"),
                ("push.register", {"fcm": FCM, "name": "x" * 129}, "name"),
                ("push.register", {"fcm": FCM, "level": "LOUD"}, "level"),
                ("push.register", {"fcm": FCM, "preview": "HALF"}, "preview"),
                ("push.register", {"fcm": FCM, "bogus": 1}, "bogus"),
                ("push.register", {"fcm": FCM, "apns": {"token": "00"}}, "apns"),
                ("push.register", {"fcm": {}}, "fcm.token"), ("push.register", {"fcm": {"token": "a b"}}, "fcm.token"),
                ("push.register", {"fcm": {"token": "x" * 4097}}, "fcm.token"),
                ("push.register", {"apns": {"token": "0g"}}, "apns.token"), ("push.register", {"apns": {"token": "abc"}}, "apns.token"),
                ("push.register", {"apns": {"token": "00" * 101}}, "apns.token"),
                ("push.register", {"apns": {"token": "00", "topic": "a\r\nb"}}, "apns.topic"),
                ("push.register", {"webhook": {"url": "ftp://example.org"}}, "webhook.url"),
                ("push.register", {"webhook": {"url": "https://u:p@example.org"}}, "webhook.url"),
                ("push.register", {"webhook": {"url": "https://example.org/\r\nX: y"}}, "webhook.url"),
                ("push.register", {"webhook": {"url": "https://example.org/" + "x" * 2048}}, "webhook.url"),
                ("push.register", {"webPush": subscription(endpoint="example.org")}, "webPush.endpoint"),
                ("push.register", {"webPush": {"endpoint": "https://example.org"}}, "webPush.keys.p256dh"),
                ("push.register", {"webPush": subscription(p256dh=short)}, "webPush.keys.p256dh"),
                ("push.register", {"webPush": subscription(p256dh=url_safe(b"\x02" + bytes(64)))}, "webPush.keys.p256dh"),
                ("push.register", {"webPush": subscription(p256dh="*" * 87)}, "webPush.keys.p256dh"),
                ("push.register", {"webPush": subscription(auth=long)}, "webPush.keys.auth"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "22:00"}}, "quietHours.to"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "24:00", "to": "07:00"}}, "quietHours.from"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "22:60", "to": "07:00"}}, "quietHours.from"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "7:00", "to": "08:00"}}, "quietHours.from"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "07:00", "to": "07:00"}}, "quietHours.to"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "22:00", "to": "07:00", "timeZone": "Europe/Atlantis"}}, "quietHours.timeZone"),
                ("push.register", {"fcm": FCM, "quietHours": {"from": "22:00", "to": "07:00", "timeZone": "../../etc/passwd"}}, "quietHours.timeZone"),
                ("push.unregister", {"device": "#"}, "device"),
                ("push.mute", {}, "untilMs, level, preview"), ("push.mute", {"device": "#", "untilMs": 0}, "device"),
                ("push.mute", {"room": "No Capitals", "untilMs": 0}, "room"), ("push.mute", {"level": "LOUD"}, "level"),
                ("push.mute", {"untilMs": -1}, "until_ms")]:
            with self.subTest(method=method, body=body):
                reply = self.ask(alice, method, "INVALID_ARGUMENT", **body)
                self.assertIn(field, reply["reason"])
                self.assertNotIn("\r", reply["reason"])
        self.ask(alice, "push.mute", "PERMISSION_DENIED", room="no-such-room", untilMs=0)
        self.ask(alice, "push.mute", "FAILED_PRECONDITION", room="dm:alice:carol", untilMs=0)

    def test_a_user_has_sixteen_devices(self):
        carol = self.client("carol")
        for i in range(16):
            self.ask(carol, "push.register", device=f"d{i}", fcm={"token": f"t{i}"})
        self.assertIn("16 devices", self.ask(carol, "push.register", "RESOURCE_EXHAUSTED", device="more", fcm=FCM)["reason"])
        self.ask(carol, "push.register", device="d3", fcm={"token": "new"})
        self.ask(carol, "push.unregister", device="d3")
        self.ask(carol, "push.register", device="more", fcm=FCM)

    def test_protobuf_names_the_field_too(self):
        alice = self.client("alice")
        alice.subscribe(f"chat/v1/clients/{alice.client_id}/replies/pb")
        replies = lambda: [wire.fields(m[1]) for m in alice.messages if m[0].endswith("/replies/pb")]
        fcm = (5, wire.message((1, "token")))
        for request, reason in [(wire.message((1, "p1"), (2, "pb-phone"), fcm, (8, 2)), None),
                                (wire.message((1, "p2"), fcm, (8, 77)), "level"),
                                (wire.message((1, "p3"), fcm, (9, 77)), "preview"),
                                (wire.message((1, "p4"), (5, wire.message((1, "a\x00b")))), "fcm.token")]:
            before = len(replies())
            alice.publish("chat/v1/requests/push.register/pb", request)
            reply = alice.wait(lambda: replies()[before:])[0]
            self.assertEqual(bool(reply.get(2, [0])[0]), reason is not None, reply)
            if reason:
                self.assertTrue(reply[3][0].decode().startswith(reason), reply)
        self.ask(alice, "push.unregister", device="pb-phone")

    def test_what_was_registered_survives_kill_9(self):
        bob = self.client("bob")
        self.ask(bob, "push.register", device="kept", fcm=FCM)
        with self.make_admin() as admin:
            admin.command("createWebhook", webhook="kept", url="https://example.org/")
        self.broker.kill9()
        self.broker.start_broker()
        bob = self.reconnect(bob)
        self.ask(bob, "push.unregister", device="kept")
        with self.make_admin() as admin:
            self.refused(admin, "createWebhook", "ALREADY_EXISTS", "kept", webhook="kept", url="https://example.org/")
            admin.command("deleteWebhook", webhook="kept")

    def test_webhooks_are_made_changed_and_deleted(self):
        admin, room = self.admin(), self.room({"alice": "owner"})
        made = admin.command("createWebhook", webhook="builds", url="https://example.org/hook", room=room,
                             events=["text", "membership", "text"])
        self.assertEqual(made["webhook"], "builds")
        self.assertEqual(len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)), 32)
        other = admin.command("createWebhook", webhook="all", url="http://127.0.0.1:9/")
        self.assertNotEqual(made["secret"], other["secret"])
        own = "whsec_" + base64.b64encode(os.urandom(24)).decode()
        self.assertEqual(admin.command("createWebhook", webhook="own", url="https://example.org", secret=own)["secret"], own)
        self.assertNotIn("secret", admin.command("updateWebhook", webhook="builds", disabled=True) or {})
        self.refused(admin, "updateWebhook", "ALREADY_EXISTS", "builds", webhook="builds", disabled=True)
        fresh = admin.command("updateWebhook", webhook="builds", newSecret=True, events=[], url="https://example.org/2")
        self.assertTrue(fresh["secret"].startswith("whsec_"))
        self.assertNotEqual(fresh["secret"], made["secret"])
        admin.command("deleteRoom", room=room)
        self.refused(admin, "updateWebhook", "NOT_FOUND", "builds", webhook="builds", disabled=False)
        for name in ("all", "own"):
            admin.command("deleteWebhook", webhook=name)
        self.refused(admin, "deleteWebhook", "NOT_FOUND", "own", webhook="own")

    def test_bad_webhooks_name_the_field(self):
        admin, url = self.admin(), "https://example.org"
        for command, fields, word in [
                ("createWebhook", {"url": url}, "webhook"), ("createWebhook", {"webhook": "No", "url": url}, "webhook"),
                ("createWebhook", {"webhook": "x"}, "url"), ("createWebhook", {"webhook": "x", "url": "gopher://h"}, "url"),
                ("createWebhook", {"webhook": "x", "url": "https://a@b/"}, "url"),
                ("createWebhook", {"webhook": "x", "url": url, "room": 7}, "room"),
                ("createWebhook", {"webhook": "x", "url": url, "events": "text"}, "events"),
                ("createWebhook", {"webhook": "x", "url": url, "events": ["noise"]}, "events"),
                ("createWebhook", {"webhook": "x", "url": url, "events": [["text"]]}, "events"),
                ("createWebhook", {"webhook": "x", "url": url, "secret": "hush"}, "secret"),
                ("createWebhook", {"webhook": "x", "url": url, "secret": "whsec_" + base64.b64encode(bytes(23)).decode()}, "secret"),
                ("createWebhook", {"webhook": "x", "url": url, "secret": "whsec_" + base64.b64encode(bytes(65)).decode()}, "secret"),
                ("updateWebhook", {"webhook": "x"}, "newSecret"), ("updateWebhook", {"webhook": "x", "newSecret": 1}, "newSecret"),
                ("updateWebhook", {"webhook": "x", "disabled": "yes"}, "disabled"), ("deleteWebhook", {}, "webhook"),
                ("removePushDevice", {"device": "x"}, "username"), ("removePushDevice", {"username": "alice"}, "device"),
                ("removePushDevice", {"username": "alice", "device": "x", "targetFeed": "x"}, "targetFeed")]:
            with self.subTest(command=command, fields=fields):
                self.refused(admin, command, "INVALID_ARGUMENT", word, **fields)
        self.refused(admin, "createWebhook", "NOT_FOUND", "nowhere", webhook="x", url=url, room="nowhere")
        self.refused(admin, "createWebhook", "FAILED_PRECONDITION", "direct", webhook="x", url=url, room="dm:alice:bob")
        for command in ("listWebhooks", "getWebhook", "pauseWebhook", "resumeWebhook", "testWebhook", "explainMessage", "listPush"):
            self.refused(admin, command, "UNAVAILABLE", "bridge")

    def test_the_bridge_removes_dead_devices_and_commands_nothing_else(self):
        from tests.support.client import Client
        bob = self.client("bob")
        self.ask(bob, "push.register", device="dead", fcm=FCM)
        bridge = Client(self.broker, *self.broker.credentials("bridge")).connect(subscribe=False)
        self.addCleanup(bridge.close)
        for fields, code in [({"command": "removePushDevice", "username": "bob", "device": "dead", "targetFeed": 1}, "FAILED_PRECONDITION"),
                             ({"command": "removePushDevice", "username": "bob", "device": "dead"}, None),
                             ({"command": "removePushDevice", "username": "bob", "device": "dead"}, "NOT_FOUND"),
                             ({"command": "createUser", "username": "eve", "password": "x"}, "PERMISSION_DENIED"),
                             ({"command": "addUserRole", "username": "bridge", "role": "admin"}, "PERMISSION_DENIED"),
                             ({"command": "createWebhook", "webhook": "x", "url": "https://example.org"}, "PERMISSION_DENIED")]:
            self.assertEqual(bridge.control(fields)[0].get("code"), code, fields)
        self.ask(bob, "push.unregister", "NOT_FOUND", device="dead")
        # A member of the room has nothing to say there.
        before = self.admin().command("listUsers")["totalCount"]
        bob.publish("$CONTROL/parley/v1", {"commands": [{"command": "removePushDevice", "username": "alice", "device": "x"}]})
        self.assertEqual(self.admin().command("listUsers")["totalCount"], before)


if __name__ == "__main__":
    main()
