"""Queries through the bridge: history, sync, and what happens when it is away."""
import json
import unittest

from tests.support.client import V5, new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.waiting import wait_until


class Bridge(ParleyTest):
    BRIDGE = True

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})

    def test_history_is_what_subscribers_saw(self):
        alice, bob = self.client("alice"), self.client("bob", version=V5)
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/json")
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/pb")
        for i in range(20):
            alice.say(self.lobby, f"m{i}", mentions=["bob"])
        bob.wait(lambda: len(bob.seen(self.lobby)) == 20)
        history = bob.history(self.lobby)
        self.assert_contiguous(history)
        self.assertEqual(history[1:], bob.seen(self.lobby))

    def test_pages(self):
        alice = self.client("alice")
        for i in range(2, 21):
            alice.say(self.lobby, f"m{i}")
        for arguments, first, last, more in (
                ({"limit": 5}, 16, 20, True), ({}, 1, 20, False), ({"limit": 0}, 1, 20, False),
                ({"before": "11", "limit": 5}, 6, 10, True), ({"before": "3", "limit": 5}, 1, 2, False),
                ({"after": "10", "limit": 5}, 11, 15, True), ({"after": "18", "limit": 5}, 19, 20, False),
                ({"after": "0", "limit": 3}, 1, 3, True), ({"limit": 4_000_000_000}, 1, 20, False)):
            with self.subTest(arguments):
                reply = alice.request("history.page", room=self.lobby, **arguments)
                self.assertEqual(reply["code"], "OK", reply)
                self.assertEqual([int(e["seq"]) for e in reply["events"]], list(range(first, last + 1)))
                self.assertEqual((reply["head"], reply["first"], reply["more"]), ("20", "1", more))
        for arguments in ({"after": "20"}, {"after": "99"}, {"before": "1"}, {"before": "0"}):
            with self.subTest(arguments):
                reply = alice.request("history.page", room=self.lobby, **arguments)
                self.assertEqual((reply["code"], reply["events"], reply["more"]), ("OK", [], False))
        around = alice.request("history.page", room=self.lobby, around="10", limit=5)
        self.assertEqual([int(e["seq"]) for e in around["events"]], [8, 9, 10, 11, 12])

    def test_pages_joined_are_one_read(self):
        alice = self.client("alice")
        for i in range(60):
            alice.send(self.lobby, f"m{i}")
        alice.wait(lambda: len(alice.acks) == 60)
        joined, after = [], "0"
        while True:
            reply = alice.request("history.page", room=self.lobby, after=after, limit=7)
            joined += reply["events"]
            if not reply["more"]:
                break
            after = joined[-1]["seq"]
        self.assertEqual(joined, alice.request("history.page", room=self.lobby, limit=1000)["events"])

    def test_impossible_pages(self):
        alice = self.client("alice")
        for body in ({"room": self.lobby, "before": "-5"}, {"room": self.lobby, "before": "9" * 25},
                     {"room": self.lobby, "before": "x"}, {"room": self.lobby, "limit": -1},
                     {"room": self.lobby, "before": "5", "after": "2"}, {"room": "../x"}, {"room": "+"}, {},
                     {"room": ""}, {"room": 7}, {"room": self.lobby, "nonsense": 1}, {"room": "dm:bob:alice"}):
            with self.subTest(str(body)):
                request_id = new_id()[:16]
                alice.publish("chat/v1/requests/history.page/json", {"requestId": request_id, **body})
                alice.wait(lambda r=request_id: r in alice.replies)
                self.assertEqual(alice.replies[request_id]["code"], "INVALID_ARGUMENT")
                self.assertTrue(alice.replies[request_id]["reason"])

    def test_malformed_requests(self):
        alice = self.client("alice")
        for method in ("history.page", "sync", "rooms.list"):
            for payload in (b"{not json", b"", b"[]", b"\xff"):
                with self.subTest(method=method, payload=payload):
                    alice.replies.pop("", None)
                    alice.publish(f"chat/v1/requests/{method}/json", payload)
                    alice.wait(lambda: "" in alice.replies)
                    self.assertEqual(alice.replies[""]["code"], "INVALID_ARGUMENT")

    def test_a_reply_is_bounded_and_says_that_there_is_more(self):
        alice = self.client("alice")
        for i in range(8):
            alice.say(self.lobby, f"{i}" * 60_000)
        reply = alice.request("history.page", room=self.lobby, after="0", limit=1000)
        self.assertTrue(reply["more"])
        size = max(len(payload) for topic, payload, _, _ in alice.messages if topic.endswith("/replies/json"))
        self.assertLessEqual(size, 256 * 1024)
        self.assert_contiguous(alice.history(self.lobby))
        self.assertEqual(len(alice.history(self.lobby)), 9)

    def test_foreign_rooms(self):
        vault = self.room({"carol": "owner"})
        self.client("carol").say(vault, "SECRET")
        alice = self.client("alice")
        reply = alice.request("history.page", room=vault)
        self.assertEqual((reply["code"], reply.get("events", [])), ("PERMISSION_DENIED", []))
        self.assertIn(alice.request("history.page", room="no-such-room")["code"], ("NOT_FOUND", "PERMISSION_DENIED"))
        self.assertEqual(alice.request("history.page", room="dm:bob:carol")["code"], "PERMISSION_DENIED")
        self.assertNotIn(vault, [room["room"] for room in alice.request("sync", cursor="0", limit=1000)["rooms"]])
        self.assertNotIn(b"SECRET", b"".join(message[1] for message in alice.messages))

    def test_a_direct_room_before_its_first_message(self):
        reply = self.client("bob").request("history.page", room="dm:bob:mallory")
        self.assertEqual((reply["code"], reply["events"], reply["head"]), ("OK", [], "0"))

    def test_read_your_writes(self):
        for version in VERSIONS:
            bob = self.client("bob", version=version)
            for i in range(20):
                message_id = new_id()
                bob.say(self.lobby, f"w{i}", message_id=message_id)
                reply = bob.request("history.page", room=self.lobby, limit=1)
                self.assertEqual(reply["events"][-1]["id"], message_id)

    def test_a_removed_member_reads_nothing_and_one_added_again_reads_all(self):
        bob, admin = self.client("bob"), self.admin()
        bob.say(self.lobby, "mine")
        admin.command("removeMember", room=self.lobby, user="bob")
        self.assertEqual(bob.request("history.page", room=self.lobby)["code"], "PERMISSION_DENIED")
        admin.command("addMember", room=self.lobby, user="bob", role="member")
        self.assert_contiguous(bob.history(self.lobby))

    # Comes with rooms of history since_join.
    def test_since_join_shows_what_came_after(self):
        room = f"since-{new_id()[:8]}"
        admin, alice, carol = self.admin(), self.client("alice"), self.client("carol")
        admin.command("createRoom", room=room, kind="group", history="since_join",
                      members=[{"user": "alice", "role": "owner"}])
        alice.say(room, "before")
        admin.command("addMember", room=room, user="carol", role="member")
        alice.say(room, "after")
        reply = carol.request("history.page", room=room)
        self.assertEqual(([e["seq"] for e in reply["events"]], reply["first"], reply["head"]), (["3", "4"], "3", "4"))
        self.assertEqual(carol.request("history.page", room=room, before="3")["events"], [])
        self.assertEqual(carol.request("history.page", room=room, after="0", limit=1)["events"][0]["seq"], "3")

    def test_sync_gives_what_moved(self):
        bob, alice = self.client("bob"), self.client("alice")
        for i in range(15):
            alice.say(self.lobby, f"m{i}")
        reply = bob.request("sync", cursor="0", eventsPerRoom=10, limit=1000)
        self.assertEqual((reply["code"], reply["reset"], reply["more"]), ("OK", False, False))
        state = {room["room"]: room for room in reply["rooms"]}[self.lobby]
        self.assertEqual((state["head"], state["first"], state["truncated"], state["left"]), ("16", "1", True, False))
        self.assertEqual((state["kind"], state["role"]), ("GROUP", "MEMBER"))
        self.assertEqual([int(e["seq"]) for e in state["events"]], list(range(7, 17)))
        self.assertEqual(state["lastEvent"], state["events"][-1])
        ids = []
        for i in range(5):
            ids.append(alice.send(self.lobby, f"s{i}"))
            alice.ack(ids[-1])
        reply = bob.request("sync", cursor=reply["cursor"], eventsPerRoom=100)
        self.assertEqual([r["room"] for r in reply["rooms"]], [self.lobby])
        self.assertEqual([e["id"] for e in reply["rooms"][0]["events"]], ids)
        reply = bob.request("sync", cursor=reply["cursor"])
        self.assertEqual(reply["rooms"], [])

    def test_sync_pages_through_many_rooms(self):
        name = f"u{new_id()[:8]}"
        with self.make_admin() as admin:
            admin.command("createUser", username=name, password=f"pw-{name}")
        rooms = {self.room({name: "owner"}) for _ in range(7)}
        user, found, cursor, turns = self.client(name), [], "0", 0
        while True:
            reply = user.request("sync", cursor=cursor, limit=3)
            self.assertEqual(reply["code"], "OK", reply)
            self.assertLessEqual(len(reply["rooms"]), 3)
            found += [room["room"] for room in reply["rooms"]]
            cursor, turns = reply["cursor"], turns + 1
            if not reply["more"]:
                break
            self.assertLess(turns, 20, "it ends")
        self.assertEqual(sorted(found), sorted(rooms))
        self.assertEqual(user.request("sync", cursor=cursor)["rooms"], [])

    def test_sync_shows_rooms_joined_and_left(self):
        carol, admin, alice = self.client("carol"), self.admin(), self.client("alice")
        cursor = carol.request("sync", cursor="0", limit=1000)["cursor"]
        alice.say(self.lobby, "before")
        admin.command("addMember", room=self.lobby, user="carol", role="member")
        reply = carol.request("sync", cursor=cursor, eventsPerRoom=100)
        state = reply["rooms"][0]
        self.assertEqual((state["room"], len(state["events"])), (self.lobby, int(state["head"])), "as if never seen")
        admin.command("removeMember", room=self.lobby, user="carol")
        reply = carol.request("sync", cursor=reply["cursor"], eventsPerRoom=100)
        state = reply["rooms"][0]
        self.assertEqual((state["room"], state["left"], state["head"], state["events"], state["role"]),
                         (self.lobby, True, "0", [], "UNSPECIFIED"))

    def test_a_foreign_cursor_starts_over(self):
        bob = self.client("bob")
        for cursor in ("999999999999", "nonsense", "-1", "18446744073709551615"):
            with self.subTest(cursor):
                reply = bob.request("sync", cursor=cursor, limit=1000)
                self.assertEqual((reply["code"], reply["reset"]), ("OK", True))
                self.assertIn(self.lobby, [room["room"] for room in reply["rooms"]])

    def test_live_and_sync_meet_without_a_gap(self):
        """Sync from a cursor while messages flow: what came live and what sync gives is everything."""
        alice, bob = self.client("alice"), self.client("bob")
        bob.subscribe(f"chat/v1/rooms/{self.lobby}/events/json")
        ids = [alice.send(self.lobby, f"m{i}") for i in range(100)]
        reply = bob.request("sync", cursor="0", eventsPerRoom=1000, limit=1000)
        alice.wait(lambda: all(i in alice.acks for i in ids), 30)
        bob.wait_event(ids[-1], 30)
        synced = {r["room"]: r for r in reply["rooms"]}[self.lobby]["events"]
        merged = {int(e["seq"]): e for e in bob.seen(self.lobby)}
        for event in synced:
            self.assertEqual(merged.setdefault(int(event["seq"]), event), event)
        self.assertEqual(sorted(merged), list(range(1, 102)))

    # Comes with the properties of MQTT 5.
    def test_correlation_data_and_response_topic(self):
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties
        alice = self.client("alice", version=V5)
        own = f"chat/v1/clients/{alice.client_id}/my/answers"
        alice.subscribe(f"chat/v1/clients/{alice.client_id}/my/#")
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic, properties.CorrelationData = own, b"\x00\x01corr"
        alice.publish("chat/v1/requests/history.page/json", {"requestId": "rt-1", "room": self.lobby},
                      properties=properties)
        alice.wait(lambda: any(m[0] == own for m in alice.messages))
        foreign = Properties(PacketTypes.PUBLISH)
        foreign.ResponseTopic = "chat/v1/clients/someone-else/replies/json"
        alice.publish("chat/v1/requests/history.page/json", {"requestId": "rt-2", "room": self.lobby},
                      properties=foreign)
        alice.wait(lambda: "rt-2" in alice.replies)

    def test_methods_of_later_versions(self):
        alice = self.client("alice")
        self.assertEqual(alice.request("search")["code"], "UNIMPLEMENTED")

    def test_history_over_restart_and_kill_9(self):
        alice = self.client("alice")
        for i in range(10):
            alice.say(self.lobby, f"m{i}")
        before = alice.history(self.lobby)
        for end in (self.broker.restart, self.kill_and_start):
            end()
            alice = self.reconnect(alice)
            self.assertEqual(self.history_once_the_bridge_is_back(alice), before)

    def kill_and_start(self):
        """Only the broker dies; the bridge lives through it."""
        self.broker.kill9()
        self.broker.start_broker()

    def history_once_the_bridge_is_back(self, client):
        wait_until(lambda: client.request("history.page", room=self.lobby)["code"] == "OK", 30, "the bridge is back")
        return client.history(self.lobby)

    def test_the_bridge_may_come_and_go(self):
        alice = self.client("alice")
        self.broker.bridge.kill()
        wait_until(lambda: alice.request("history.page", room=self.lobby)["code"] == "UNAVAILABLE", 10)
        alice.say(self.lobby, "the chat goes on")
        self.broker.start_bridge()
        history = self.history_once_the_bridge_is_back(alice)
        self.assertEqual(self.texts(history), ["the chat goes on"])

    def test_http(self):
        self.assertEqual(self.broker.http_status("/health"), 200)
        self.assertEqual(self.broker.http_status("/no-such-thing"), 404)

    def test_requests_in_protobuf_are_answered_in_protobuf(self):
        from tests.support import wire
        alice = self.client("alice")
        alice.say(self.lobby, "x")
        live = self.client("bob")
        live.subscribe(f"chat/v1/rooms/{self.lobby}/events/pb")
        message_id = alice.send(self.lobby, "y")
        alice.ack(message_id)
        event = live.wait(lambda: [m[1] for m in live.messages if m[0].endswith("/events/pb")])[0]
        alice.subscribe(f"chat/v1/clients/{alice.client_id}/replies/pb")
        alice.publish("chat/v1/requests/history.page/pb", wire.message((1, "pb-1"), (2, self.lobby), (7, 1)))
        reply = alice.wait(lambda: [m[1] for m in alice.messages if m[0].endswith("/replies/pb")])[0]
        fields = wire.fields(reply)
        self.assertEqual(fields[1], [b"pb-1"])
        self.assertNotIn(2, fields)
        self.assertEqual(fields[4], [event], "history is what subscribers saw, byte for byte")

    def test_many_requests_at_once(self):
        alice = self.client("alice")
        for i in range(200):
            alice.publish("chat/v1/requests/history.page/json", json.dumps({"requestId": f"r{i}", "room": self.lobby}))
        alice.wait(lambda: all(f"r{i}" in alice.replies for i in range(200)), 30)
        # Beyond its bound the bridge says so; nobody waits for an answer that never comes.
        self.assertLessEqual({reply["code"] for reply in alice.replies.values()}, {"OK", "UNAVAILABLE"})
        self.assertEqual(alice.request("history.page", room=self.lobby)["code"], "OK")


if __name__ == "__main__":
    main()
