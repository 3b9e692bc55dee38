"""What administrators do to a running server: users, sessions, configuration."""
from tests.support.client import Client, new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.waiting import wait_until


class Admin(ParleyTest):
    BRIDGE = True

    def code(self, admin, name, **fields):
        response = admin.control({"command": name, **fields})[0]
        self.assertEqual("error" in response, "code" in response, response)
        return response.get("code", "OK")

    def new_user(self, admin, **fields):
        name = f"u{new_id()[:8]}"
        admin.command("createUser", username=name, password=f"pw-{name}", **fields)
        return name

    def test_a_disabled_user_is_out_and_comes_back(self):
        admin = self.admin()
        for version in VERSIONS:
            user = self.new_user(admin)
            room = self.room({"alice": "owner", user: "member"})
            client = self.client(user, version=version, clean=False)
            client.subscribe(f"chat/v1/users/{user}/events/json")
            admin.command("disableUser", username=user)
            client.wait(lambda: client.disconnects, 2, "the session has ended")
            client.close()
            self.assertEqual(self.code(admin, "disableUser", username=user), "ALREADY_EXISTS")
            with self.assertRaises(AssertionError):
                Client(self.broker, user, f"pw-{user}", version=version).connect()
            alice = self.client("alice")
            alice.say(room, "while away")
            self.assertTrue(admin.command("getUser", username=user)["user"]["disabled"])
            self.assertNotIn(user, [u["username"] for u in alice.request("users.find", prefix=user)["users"]])
            admin.command("enableUser", username=user)
            self.assertEqual(self.code(admin, "enableUser", username=user), "ALREADY_EXISTS")
            again = self.client(user, client_id=client.client_id, version=version, clean=False)
            alice.say(room, "and back")
            again.wait(lambda: "and back" in self.texts(again.seen(room)))
            self.assertNotIn("while away", self.texts(again.seen(room)), "nothing was delivered meanwhile")
            self.assertEqual(self.texts(again.history(room)), ["while away", "and back"])

    def test_the_will_of_a_disabled_user_is_not_delivered(self):
        # Other topics are denied by default, so a will could only go to a chat topic: refused, too.
        admin, user = self.admin(), None
        user = self.new_user(admin)
        room = self.room({"alice": "owner", user: "member"})
        alice = self.client("alice")
        alice.subscribe(f"chat/v1/rooms/{room}/events/json")
        client = Client(self.broker, user, f"pw-{user}")
        client.mqtt.will_set(f"chat/v1/rooms/{room}/events/json", b'{"room":"x","seq":"9"}', 1)
        client.connect()
        admin.command("disableUser", username=user)
        client.wait(lambda: client.disconnects, 2)
        client.close()
        alice.wait_event(alice.send(room, "later"))
        self.assertEqual(self.texts(alice.seen(room)), ["later"])

    def test_nobody_locks_the_server_up(self):
        admin = self.admin()
        name = self.broker.credentials()[0]
        for command in ("disableUser", "deleteUser"):
            self.assertEqual(self.code(admin, command, username=name), "FAILED_PRECONDITION")
            self.assertEqual(self.code(admin, command, username="bridge"), "FAILED_PRECONDITION")
            self.assertEqual(self.code(admin, command, username="nobody-here"), "NOT_FOUND")
            self.assertEqual(self.code(admin, command), "INVALID_ARGUMENT")

    def test_kick(self):
        admin = self.admin()
        user = self.new_user(admin)
        one, two = self.client(user), self.client(user)
        self.assertEqual(admin.command("kick", client=one.client_id), {"kicked": 1})
        one.wait(lambda: one.disconnects, 2)
        self.assertEqual(two.disconnects, 0)
        wait_until(lambda: [c["connected"] for c in admin.command("getUser", username=user)["user"]["clients"]] ==
                   [True, True], 15, "it may come back")
        self.assertEqual(admin.command("kick", username=user), {"kicked": 2})
        two.wait(lambda: two.disconnects, 2)
        for fields in ({"username": self.new_user(admin)}, {"client": "no-such-client"}):
            self.assertEqual(self.code(admin, "kick", **fields), "NOT_FOUND")
        for fields in ({}, {"username": user, "client": "x"}, {"client": 7}, {"client": "a b"}, {"username": "#"}):
            self.assertEqual(self.code(admin, "kick", **fields), "INVALID_ARGUMENT")

    def test_get_user(self):
        admin = self.admin()
        user = self.new_user(admin, kind="bot")
        room = self.room({"alice": "owner", user: "reader"})
        client = self.client(user)
        client.request("users.update", displayName="A bot")
        shown = admin.command("getUser", username=user)["user"]
        self.assertEqual({key: shown[key] for key in ("username", "kind", "roles", "disabled", "displayName", "rooms",
                                                      "clients")},
                         {"username": user, "kind": "bot", "roles": [], "disabled": False, "displayName": "A bot",
                          "rooms": [{"room": room, "role": "reader"}],
                          "clients": [{"client": client.client_id, "connected": True}]})
        self.assertFalse([key for key in shown if "hash" in key.lower() or "mac" in key.lower()])
        self.assertEqual(self.code(admin, "getUser", username="nobody-here"), "NOT_FOUND")

    def test_a_deleted_user_leaves_nothing_but_what_they_said(self):
        admin, alice = self.admin(), self.client("alice")
        user = self.new_user(admin)
        room = self.room({"alice": "owner", user: "member"})
        client = self.client(user)
        client.say(room, "mine", message_id="m1")
        gone = self.room({"alice": "owner", user: "member"})
        admin.command("deleteRoom", room=gone)
        admin.command("deleteUser", username=user)
        client.wait(lambda: client.disconnects, 2)
        client.close()
        self.assertEqual(alice.request("users.get", user=user)["code"], "NOT_FOUND")
        self.assertEqual([m["user"] for m in alice.request("members.list", room=room)["members"]], ["alice"])
        admin.command("createUser", username=user, password=f"pw-{user}")
        again = self.client(user)
        self.assertEqual(again.request("sync", cursor="0")["rooms"], [])
        self.assertEqual(again.request("history.page", room=room)["code"], "PERMISSION_DENIED")
        admin.command("addMember", room=room, user=user)
        self.assertFalse(again.say(room, "mine", message_id="m1")["duplicate"])

    def test_rooms_of_all_kinds_by_administrators(self):
        admin = self.admin()
        for kind in ("group", "public", "channel", "device"):
            room = f"k-{new_id()[:8]}"
            admin.command("createRoom", room=room, kind=kind, retention_days=7, max_message_bytes=500)
            self.assertEqual(self.code(admin, "updateRoom", room=room), "INVALID_ARGUMENT")
            admin.command("updateRoom", room=room, title="T", history="since_join", retention_days=0)
            self.assertEqual(self.code(admin, "updateRoom", room=room, title="T"), "ALREADY_EXISTS")
            self.assertEqual(admin.command("getRoom", room=room)["room"],
                             {"room": room, "kind": kind, "title": "T", "history": "since_join", "retentionDays": 0,
                              "maxMessageBytes": 500, "members": []})
            admin.command("deleteRoom", room=room)
            self.assertEqual(self.code(admin, "getRoom", room=room), "NOT_FOUND")
            self.assertEqual(self.code(admin, "deleteRoom", room=room), "NOT_FOUND")
        self.assertEqual(self.code(admin, "createRoom", room="k1", kind="secret"), "INVALID_ARGUMENT")
        self.assertEqual(self.code(admin, "createRoom", room="k1", max_message_bytes=1 << 20), "INVALID_ARGUMENT")
        self.assertEqual(self.code(admin, "deleteRoom", room="dm:alice:bob"), "FAILED_PRECONDITION")


class Configuration(ParleyTest):
    BRIDGE = True
    DEFAULTS = {"maxDraftBytes": 65536, "publishesPerSecond": 10000, "roomsPerUser": 10000, "subscriptionsPerClient": 2000}

    def tearDown(self):
        with self.make_admin() as admin:
            admin.control({"command": "setConfig", **self.DEFAULTS})

    def test_what_is_set_is_shown_and_survives_a_restart(self):
        admin = self.admin()
        self.assertEqual(admin.command("getConfig")["config"], self.DEFAULTS)
        admin.command("setConfig", maxDraftBytes=2000, roomsPerUser=7)
        self.broker.restart()
        admin = self.admin()
        self.assertEqual(admin.command("getConfig")["config"], {**self.DEFAULTS, "maxDraftBytes": 2000, "roomsPerUser": 7})

    def test_what_cannot_be_set(self):
        admin = self.admin()
        for fields in ({}, {"maxDraftBytes": 10}, {"maxDraftBytes": 1 << 20}, {"maxDraftBytes": "2000"},
                       {"publishesPerSecond": 0}, {"roomsPerUser": -1}, {"subscriptionsPerClient": 1.5},
                       {"maxDraftBytes": 2000, "bogus": 1}):
            response = admin.control({"command": "setConfig", **fields})[0]
            self.assertEqual(response.get("code"), "INVALID_ARGUMENT", response)
        for code in ("OK", "ALREADY_EXISTS"):
            self.assertEqual(admin.control({"command": "setConfig", "roomsPerUser": 77})[0].get("code", "OK"), code)

    def test_the_size_of_drafts(self):
        admin, alice = self.admin(), self.client("alice")
        room = self.room({"alice": "owner"})
        alice.say(room, "x" * 3000)
        admin.command("setConfig", maxDraftBytes=2000)
        alice.publish(f"chat/v1/rooms/{room}/send/text/too-large", "x" * 3000)
        self.assertEqual(alice.ack("too-large")["code"], "RESOURCE_EXHAUSTED")
        admin.command("setConfig", maxDraftBytes=100_000)
        alice.say(room, "x" * 90_000)
        self.assertEqual(len(alice.history(room)), 3)

    def test_the_rate_of_publishes(self):
        admin = self.admin()
        room = self.room({"alice": "owner", "bob": "member"})
        for version in VERSIONS:
            admin.command("setConfig", publishesPerSecond=20)
            alice, bob = self.client("alice", version=version), self.client("bob")
            ids = [alice.send(room, f"m{i}") for i in range(200)]
            acks = [alice.ack(i) for i in ids]
            self.assertEqual({ack["code"] for ack in acks}, {"OK", "RESOURCE_EXHAUSTED"})
            stored = {ack["id"] for ack in acks if ack["code"] == "OK"}
            self.assertLess(len(stored), 150)
            bob.say(room, "another user is not slowed down")
            refused = next(ack["id"] for ack in acks if ack["code"] != "OK")
            admin.command("setConfig", publishesPerSecond=10000)
            # A refused one left no trace and may be sent again.
            self.assertFalse(alice.say(room, "again", message_id=refused)["duplicate"])
            self.assertEqual(alice.disconnects, 0)
            self.assertLessEqual(stored, {e["id"] for e in bob.history(room)})

    def test_rooms_of_a_user(self):
        admin, alice = self.admin(), self.client("alice")
        have = len(admin.command("getUser", username="alice")["user"]["rooms"])
        admin.command("setConfig", roomsPerUser=have + 1)
        room = f"r-{new_id()[:8]}"
        self.assertEqual(alice.request("rooms.create", room=room)["code"], "OK")
        self.assertEqual(alice.request("rooms.create", room=room + "x")["code"], "RESOURCE_EXHAUSTED")
        self.assertEqual(alice.ack(alice.send("dm:alice:mallory", "x"))["code"], "RESOURCE_EXHAUSTED")
        self.assertEqual(alice.request("rooms.delete", room=room)["code"], "OK")
        alice.say("dm:alice:mallory", "x")

    def test_subscriptions_of_a_client(self):
        admin = self.admin()
        admin.command("setConfig", subscriptionsPerClient=12)
        for version in VERSIONS:
            bob = self.client("bob", version=version)  # acks and replies: two
            codes = [bob.subscribe_code(f"chat/v1/clients/{bob.client_id}/x{i}") for i in range(12)]
            self.assertEqual([code < 0x80 for code in codes], [True] * 10 + [False] * 2)
            self.assertLess(bob.subscribe_code(f"chat/v1/clients/{bob.client_id}/x1"), 0x80, "it has that one")
            bob.mqtt.unsubscribe(f"chat/v1/clients/{bob.client_id}/x0")
            self.assertEqual(bob.request("users.get", user="alice")["code"], "OK")
            self.assertLess(bob.subscribe_code(f"chat/v1/clients/{bob.client_id}/y"), 0x80)


if __name__ == "__main__":
    main()
