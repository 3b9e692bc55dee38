"""What users do themselves: rooms, members, their profile and password, in 3.1.1 and 5, JSON and protobuf."""
from tests.support import wire
from tests.support.client import Client, new_id
from tests.support.parley_test import V5, VERSIONS, ParleyTest, main


class Requests(ParleyTest):
    BRIDGE = True

    def ask(self, client, method, code="OK", **body):
        """The reply; it must have this code and a reason when it is no OK."""
        reply = client.request(method, **body)
        self.assertEqual(reply["code"], code, reply)
        self.assertEqual(reply["reason"] == "", code == "OK", reply)
        return reply

    def make(self, owner, members=(), **settings):
        name = f"r-{new_id()[:10]}"
        self.ask(owner, "rooms.create", room=name,
                 members=[{"user": user, "role": role} for user, role in members], **settings)
        return name

    def test_create_add_talk_and_remove(self):
        for version in VERSIONS:
            alice, bob = self.client("alice", version=version), self.client("bob", version=version)
            bob.subscribe("chat/v1/users/bob/events/json")
            room = f"club-{new_id()[:8]}"
            reply = self.ask(alice, "rooms.create", room=room, title="The club", history="SINCE_JOIN")
            self.assertEqual(reply["room"], room)
            self.assertEqual(sorted(reply), ["code", "reason", "requestId", "room"])
            alice.say(room, "before")
            reply = self.ask(alice, "members.add", room=room, user="bob")
            self.assertEqual(sorted(reply), ["code", "reason", "requestId"])
            # Rights apply once the reply is seen.
            bob.subscribe(f"chat/v1/rooms/{room}/events/json")
            bob.say(room, "hello")
            self.assertEqual([e["seq"] for e in bob.history(room)], ["3", "4"], "from one's own ADDED event on")
            added = next(e for e in bob.seen(room) if "membership" in e)
            self.assertEqual(added["membership"]["changes"],
                             [{"user": "bob", "change": "ADDED", "role": "MEMBER", "by": "alice"}])
            self.ask(bob, "members.add", "PERMISSION_DENIED", room=room, user="carol")
            self.ask(alice, "members.setRole", room=room, user="bob", role="MODERATOR")
            self.ask(bob, "members.add", room=room, user="carol", role="READER")
            self.ask(bob, "members.remove", room=room, user="carol")
            self.ask(bob, "members.remove", "PERMISSION_DENIED", room=room, user="alice")
            self.ask(alice, "rooms.leave", "FAILED_PRECONDITION", room=room)
            self.ask(bob, "rooms.leave", room=room)
            left = bob.wait(lambda: [e for e in bob.seen(room) for c in e.get("membership", {}).get("changes", [])
                                     if c["change"] == "LEFT"])[0]
            self.assertEqual(left["membership"]["changes"][0]["by"], "bob")
            self.assertEqual(bob.ack(bob.send(room, "no more"))["code"], "PERMISSION_DENIED")
            self.ask(bob, "rooms.leave", "NOT_FOUND", room=room)

    def test_a_change_of_nothing_makes_no_event(self):
        alice = self.client("alice")
        room = self.make(alice, [("bob", "MEMBER")], title="t")
        head = alice.request("rooms.get", room=room)["head"]
        self.ask(alice, "rooms.create", "ALREADY_EXISTS", room=room)
        self.ask(alice, "rooms.update", "ALREADY_EXISTS", room=room, title="t")
        self.ask(alice, "members.add", "ALREADY_EXISTS", room=room, user="bob")
        self.ask(alice, "members.setRole", "ALREADY_EXISTS", room=room, user="bob", role="MEMBER")
        self.ask(alice, "members.setRole", "NOT_FOUND", room=room, user="carol", role="MEMBER")
        self.ask(alice, "members.remove", "NOT_FOUND", room=room, user="carol")
        self.ask(alice, "members.add", "NOT_FOUND", room=room, user="nobody-here")
        self.assertEqual(alice.request("rooms.get", room=room)["head"], head)

    def test_bad_requests_name_the_field(self):
        alice = self.client("alice")
        room = self.make(alice)
        for method, body, field in [
                ("rooms.create", {}, "room"), ("rooms.create", {"room": "No Capitals"}, "room"),
                ("rooms.create", {"room": "x1", "kind": "SECRET"}, "kind"),
                ("rooms.create", {"room": "x1", "title": "x" * 257}, "title"),
                ("rooms.create", {"room": "x1", "title": "a\u0007b"}, "title"),
                ("rooms.create", {"room": "x1", "retentionDays": 1_000_000}, "retentionDays"),
                ("rooms.create", {"room": "x1", "maxMessageBytes": 65537}, "maxMessageBytes"),
                ("rooms.create", {"room": "x1", "members": [{"user": "#"}]}, "members"),
                ("rooms.create", {"room": "x1", "members": [{"user": "bob"}, {"user": "bob"}]}, "members"),
                ("rooms.create", {"room": "x1", "members": [{"user": "alice", "role": "READER"}]}, "members"),
                ("rooms.create", {"room": "x1", "bogus": 1}, "bogus"),
                ("rooms.update", {"room": room}, "title"), ("rooms.update", {"title": "x"}, "room"),
                ("rooms.delete", {}, "room"), ("rooms.join", {"room": "dm:b:a"}, "room"), ("rooms.leave", {}, "room"),
                ("members.add", {"room": room}, "user"), ("members.add", {"room": room, "user": "bob", "role": "KING"}, "role"),
                ("members.remove", {"user": "bob"}, "room"), ("members.setRole", {"room": room, "user": "bob"}, "role"),
                ("users.update", {}, "displayName"), ("users.update", {"displayName": "x" * 129}, "displayName"),
                ("users.update", {"about": "\u001b[31m"}, "about"),
                ("users.changePassword", {"oldPassword": "pw-alice"}, "newPassword"),
                ("users.changePassword", {"newPassword": "x"}, "oldPassword"),
                ("rooms.get", {}, "room"), ("members.list", {"room": room, "page": "x"}, "page"),
                ("users.get", {}, "user"), ("users.get", {"user": "A"}, "user"), ("users.find", {"prefix": "#"}, "prefix"),
                ("rooms.list", {"public": True, "page": "#"}, "page")]:
            with self.subTest(method=method, body=body):
                reply = self.ask(alice, method, "INVALID_ARGUMENT", **body)
                self.assertIn(field, reply["reason"])
        self.assertEqual(alice.request("rooms.get", room="x1")["code"], "NOT_FOUND", "nothing was made")

    def test_direct_rooms_take_no_commands(self):
        alice = self.client("alice")
        alice.say("dm:alice:bob", "hi")
        for method, body in [("rooms.create", {}), ("rooms.update", {"title": "x"}), ("rooms.delete", {}),
                             ("rooms.join", {}), ("rooms.leave", {}), ("members.add", {"user": "carol"}),
                             ("members.remove", {"user": "bob"}), ("members.setRole", {"user": "bob", "role": "OWNER"})]:
            for room in ("dm:alice:bob", "dm:alice:carol", "dm:bob:carol"):
                with self.subTest(method=method, room=room):
                    self.ask(alice, method, "FAILED_PRECONDITION", room=room, **body)
        self.ask(alice, "rooms.create", "FAILED_PRECONDITION", room="x2", kind="DIRECT")

    def test_public_rooms_are_found_and_joined(self):
        alice, bob, carol = self.client("alice"), self.client("bob"), self.client("carol")
        square = self.make(alice, [("carol", "BANNED")], kind="PUBLIC", title="The square")
        secret = self.make(alice)

        def listed(client):
            rooms, page = {}, ""
            while True:
                reply = self.ask(client, "rooms.list", public=True, page=page, limit=3)
                rooms.update({room["room"]: room for room in reply["rooms"]})
                page = reply["page"]
                if not reply["more"]:
                    return rooms
        found = listed(bob)
        self.assertIn(square, found)
        self.assertNotIn(secret, found)
        self.assertEqual((found[square]["title"], found[square]["role"], found[square]["head"]),
                         ("The square", "UNSPECIFIED", "0"))
        self.ask(bob, "rooms.get", "PERMISSION_DENIED", room=square)
        self.ask(bob, "rooms.join", room=square)
        self.assertEqual(listed(bob)[square]["role"], "MEMBER")
        self.assertEqual(bob.history(square)[-1]["membership"]["changes"],
                         [{"user": "bob", "change": "JOINED", "role": "MEMBER", "by": "bob"}])
        self.ask(bob, "rooms.join", "ALREADY_EXISTS", room=square)
        self.ask(carol, "rooms.join", "PERMISSION_DENIED", room=square)
        reasons = {self.ask(bob, "rooms.join", "PERMISSION_DENIED", room=room)["reason"].replace(room, "X")
                   for room in (secret, "no-such-room")}
        self.assertEqual(len(reasons), 1, "whether there is such a room is not for strangers")
        for method, body in (("rooms.update", {"title": "x"}), ("rooms.delete", {}), ("members.add", {"user": "bob"})):
            reasons = {self.ask(bob, method, "PERMISSION_DENIED", room=room, **body)["reason"].replace(room, "X")
                       for room in (secret, "no-such-room")}
            self.assertEqual(len(reasons), 1)

    def test_who_sends_in_channels_and_device_rooms(self):
        with self.make_admin() as admin:
            if "sensor-1" not in [u["username"] for u in admin.command("listUsers")["users"]]:
                admin.command("createUser", username="sensor-1", password="pw-sensor-1", kind="device")
        alice, bob, sensor = self.client("alice"), self.client("bob"), self.client("sensor-1")
        channel = self.make(alice, [("bob", "MEMBER"), ("sensor-1", "MEMBER")], kind="CHANNEL")
        device = self.make(alice, [("bob", "MEMBER"), ("sensor-1", "MEMBER")], kind="DEVICE")
        for room, client, code in ((channel, alice, "OK"), (channel, bob, "PERMISSION_DENIED"),
                                   (channel, sensor, "PERMISSION_DENIED"), (device, alice, "OK"),
                                   (device, bob, "PERMISSION_DENIED"), (device, sensor, "OK")):
            for qos in (0, 1):
                with self.subTest(room=room, user=client.user, qos=qos):
                    self.assertEqual(client.ack(client.send(room, "x", qos=qos))["code"], code)
        self.ask(alice, "members.setRole", room=device, user="sensor-1", role="READER")
        self.assertEqual(sensor.ack(sensor.send(device, "x"))["code"], "PERMISSION_DENIED")
        self.assertEqual(self.ask(bob, "rooms.get", room=device)["kind"], "DEVICE")

    def test_a_rooms_own_limit(self):
        alice = self.client("alice")
        room = self.make(alice, maxMessageBytes=100, retentionDays=30)
        alice.say(room, "x" * 90)
        for i, message_id in enumerate((None, "same", "same")):
            ack = alice.ack(alice.send(room, "x" * 100, message_id=message_id))
            self.assertEqual((ack["code"], ack["seq"], ack["duplicate"]), ("RESOURCE_EXHAUSTED", "0", False), i)
        self.ask(alice, "rooms.update", room=room, maxMessageBytes=0)
        alice.say(room, "x" * 100, message_id="same")
        state = self.ask(alice, "rooms.get", room=room)
        self.assertEqual((state["retentionDays"], state["maxMessageBytes"]), (30, 0))

    def test_an_update_is_an_event(self):
        alice, bob = self.client("alice"), self.client("bob")
        room = self.make(alice, [("bob", "MODERATOR")])
        bob.subscribe(f"chat/v1/rooms/{room}/events/json")
        self.ask(bob, "rooms.update", "PERMISSION_DENIED", room=room, history="SINCE_JOIN")
        self.ask(bob, "rooms.update", room=room, title="Ours")
        event = bob.wait(lambda: [e for e in bob.seen(room) if "roomChange" in e])[0]
        self.assertEqual(event["roomChange"], {"title": "Ours", "history": "ALL", "deleted": False,
                                               "retentionDays": 0, "maxMessageBytes": 0})
        self.assertEqual((event["sender"], event["seq"]), ("bob", "2"))
        self.assertEqual(self.ask(alice, "rooms.get", room=room)["title"], "Ours")
        # Who joins from now on sees from then on; who is there keeps what they have.
        self.ask(alice, "rooms.update", room=room, history="SINCE_JOIN")
        self.ask(alice, "members.add", room=room, user="carol")
        self.assertEqual(self.ask(bob, "history.page", room=room)["first"], "1")
        self.assertEqual(self.ask(self.client("carol"), "history.page", room=room)["first"], "4")

    def test_a_deleted_room(self):
        alice, bob, carol = self.client("alice"), self.client("bob"), self.client("carol")
        for who, delete in (("an owner", lambda room: self.ask(alice, "rooms.delete", room=room)),
                            ("an administrator", lambda room: self.admin().command("deleteRoom", room=room))):
            with self.subTest(who):
                room = self.make(alice, [("bob", "MEMBER"), ("carol", "MODERATOR")])
                alice.say(room, "SECRET-WORD", message_id="m1")
                bob.subscribe(f"chat/v1/rooms/{room}/events/json")
                carol.subscribe("chat/v1/users/carol/events/json")
                cursor = self.ask(bob, "sync", cursor="0", limit=1000)["cursor"]
                self.ask(bob, "rooms.delete", "PERMISSION_DENIED", room=room)
                self.ask(carol, "rooms.delete", "PERMISSION_DENIED", room=room)
                delete(room)
                for member in (bob, carol):
                    last = member.wait(lambda: [e for e in member.seen(room) if "roomChange" in e])[-1]
                    self.assertTrue(last["roomChange"]["deleted"])
                    self.assertEqual(last["seq"], "3")
                self.assertEqual(alice.ack(alice.send(room, "x"))["code"], "NOT_FOUND")
                self.assertGreaterEqual(bob.subscribe_code(f"chat/v1/rooms/{room}/events/json"), 0x80)
                self.assertIn(alice.request("history.page", room=room)["code"], ("NOT_FOUND", "PERMISSION_DENIED"))
                states = [r for r in self.ask(bob, "sync", cursor=cursor)["rooms"] if r["room"] == room]
                self.assertEqual([(r["left"], r["head"], r["events"]) for r in states], [(True, "0", [])])
                self.assertNotIn(room, [r["room"] for r in self.ask(bob, "sync", cursor="0", limit=1000)["rooms"]])
                self.assertNotIn(room, [r["room"] for r in self.ask(bob, "rooms.list", limit=1000)["rooms"]])
                # The name is free; nothing of the old room comes back.
                self.ask(bob, "rooms.create", room=room)
                ack = bob.say(room, "new", message_id="m1")
                self.assertEqual((ack["seq"], ack["duplicate"]), ("2", False))
                self.assertEqual(self.texts(bob.history(room)), ["new"])
                self.assertEqual(alice.request("history.page", room=room)["code"], "PERMISSION_DENIED")
                states = [r for r in self.ask(bob, "sync", cursor=cursor)["rooms"] if r["room"] == room]
                self.assertEqual([(r["left"], r["head"]) for r in states], [(True, "0"), (False, "2")])

    def test_a_deletion_survives_restart_and_kill_9(self):
        alice = self.client("alice")
        room = self.make(alice, [("bob", "MEMBER")])
        for i in range(20):
            alice.say(room, f"m{i}")
        cursor = self.ask(self.client("bob"), "sync", cursor="0", limit=1000)["cursor"]
        self.ask(alice, "rooms.delete", room=room)
        self.broker.kill9()
        self.broker.start_broker()
        bob = self.client("bob")
        bob.wait(lambda: bob.request("sync", cursor="0")["code"] == "OK", 30, "the bridge is back")
        self.assertEqual([r["left"] for r in self.ask(bob, "sync", cursor=cursor)["rooms"] if r["room"] == room], [True])
        self.ask(bob, "rooms.create", room=room)

    def test_members_and_users_are_shown(self):
        alice, bob, mallory = self.client("alice"), self.client("bob"), self.client("mallory")
        room = self.make(alice, [("bob", "READER"), ("carol", "MEMBER"), ("mallory", "BANNED")])
        alice.request("users.update", displayName="Alice A.", about="likes rooms")
        members, page = [], ""
        while True:
            reply = self.ask(bob, "members.list", room=room, limit=2, page=page)
            members += reply["members"]
            page = reply["page"]
            if not reply["more"]:
                break
        self.assertEqual([(m["user"], m["role"]) for m in members],
                         [("alice", "OWNER"), ("bob", "READER"), ("carol", "MEMBER")])
        self.assertEqual(members[0]["displayName"], "Alice A.")
        self.assertIn(("mallory", "BANNED"),
                      [(m["user"], m["role"]) for m in self.ask(alice, "members.list", room=room)["members"]])
        state = self.ask(bob, "rooms.get", room=room)
        self.assertEqual((state["room"], state["kind"], state["role"], state["members"], state["head"], state["first"]),
                         (room, "GROUP", "READER", 3, "1", "1"))
        for method in ("rooms.get", "members.list"):
            self.ask(mallory, method, "PERMISSION_DENIED", room=room)
        self.assertEqual(self.ask(bob, "users.get", user="alice")["user"],
                         {"username": "alice", "displayName": "Alice A.", "kind": "person", "about": "likes rooms"})
        self.ask(bob, "users.get", "NOT_FOUND", user="nobody-here")
        self.assertEqual([u["username"] for u in self.ask(bob, "users.find", prefix="ali")["users"]], ["alice"])
        everybody, page = [], ""
        while True:
            reply = self.ask(bob, "users.find", limit=2, page=page)
            everybody += [u["username"] for u in reply["users"]]
            page = reply["page"]
            if not reply["more"]:
                break
        self.assertEqual(everybody, sorted(everybody))
        self.assertLessEqual(set(self.USERS), set(everybody))
        self.assertNotIn("bridge", everybody)
        self.assertEqual([m["user"] for m in self.ask(alice, "members.list", room="dm:alice:mallory")["members"]],
                         ["alice", "mallory"])

    def test_the_password_is_changed_and_sessions_end(self):
        with self.make_admin() as admin:
            admin.command("createUser", username="pia", password="pw-pia")
        pia, other = self.client("pia"), self.client("pia")
        self.ask(pia, "users.changePassword", "PERMISSION_DENIED", oldPassword="wrong", newPassword="better")
        self.assertEqual(pia.disconnects, 0)
        self.ask(pia, "users.changePassword", oldPassword="pw-pia", newPassword="better")
        for client in (pia, other):
            client.wait(lambda: client.disconnects, 3, "the session has ended")
            client.close()
        again = Client(self.broker, "pia", "better").connect()
        again.close()
        with self.assertRaises(AssertionError):
            Client(self.broker, "pia", "pw-pia").connect()

    def test_protobuf_and_the_response_topic_of_mqtt_5(self):
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties
        alice = self.client("alice", version=V5)
        mine = f"chat/v1/clients/{alice.client_id}/mine"
        alice.subscribe(mine)
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic, properties.CorrelationData = mine, b"c-1"
        room = f"pb-{new_id()[:8]}"
        got = []
        on_message = alice.mqtt.on_message

        def keep(client, userdata, message):
            if message.topic == mine:
                got.append((message.payload, message.properties.CorrelationData))
            on_message(client, userdata, message)
        alice.mqtt.on_message = keep
        for request_id, expected in (("q1", 0), ("q2", 6)):
            alice.publish("chat/v1/requests/rooms.create/pb", wire.message((1, request_id), (2, room), (4, "T")),
                          properties=properties)
            payload, correlation = alice.wait(lambda: got)[0]
            got.clear()
            self.assertEqual(correlation, b"c-1")
            fields = wire.fields(payload)
            self.assertEqual(fields[1], [request_id.encode()])
            self.assertEqual(fields.get(2, [0])[0] != 0, expected != 0, "ALREADY_EXISTS the second time")
        self.assertEqual(self.ask(alice, "rooms.get", room=room)["title"], "T")
        # The bridge's replies carry the correlation data, too.
        alice.publish("chat/v1/requests/sync/json", {"requestId": "q3"}, properties=properties)
        self.assertEqual(alice.wait(lambda: got)[0][1], b"c-1")

    def test_no_request_is_unanswered_when_the_bridge_dies(self):
        alice = self.client("alice")
        room = self.make(alice)
        for _ in range(5):
            asked = []
            for i in range(40):
                if i == 20:
                    self.broker.bridge.kill()
                asked.append(new_id()[:16])
                alice.publish("chat/v1/requests/history.page/json", {"requestId": asked[-1], "room": room})
            alice.wait(lambda: all(request_id in alice.replies for request_id in asked), 10, "all replies")
            self.assertLessEqual({alice.replies[request_id]["code"] for request_id in asked}, {"OK", "UNAVAILABLE"})
            self.assertEqual(alice.replies[asked[-1]]["code"], "UNAVAILABLE")
            self.ask(alice, "rooms.update", room=room, title=f"the plugin answers alone {_}")
            self.broker.start_bridge()
            alice.wait(lambda: alice.request("rooms.get", room=room)["code"] == "OK", 30, "the bridge is back")


if __name__ == "__main__":
    main()
