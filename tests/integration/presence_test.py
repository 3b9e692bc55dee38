"""Presence: who is seen online by whom, on which topics, and through which restarts."""
import json
import os
import shutil
import time

from tests.support.client import V5
from tests.support.cli_test import DENIED, USAGE, CliTest
from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until

GRACE_MS = 700


def person_topic(user, encoding="json"):
    return f"chat/v1/users/{user}/presence/{encoding}"


def room_topic(room, encoding="json"):
    return f"chat/v1/rooms/{room}/presence/{encoding}"


class PresenceTest(ParleyTest):
    BRIDGE = True
    BRIDGE_OPTIONS = ("--presence-grace-ms", str(GRACE_MS))

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})

    def last(self, client, topic):
        """What the topic said last, decoded; None when nothing came, "" when it was taken back."""
        payloads = [payload for at, payload, *_ in client.messages if at == topic]
        return None if not payloads else json.loads(payloads[-1]) if payloads[-1] else ""

    def wait_state(self, client, user, state, timeout=15):
        """What the client was told last of the user, once that is `state`."""
        topic = person_topic(user)
        client.wait(lambda: (self.last(client, topic) or {}).get("state") == state, timeout,
                    f"{user} {state}; last {self.last(client, topic)}")
        return self.last(client, topic)

    def wait_room(self, client, room, users, timeout=15):
        topic = room_topic(room)

        def seen():
            said = self.last(client, topic)
            return said and sorted(member["user"] for member in said["members"]) == sorted(users)
        client.wait(seen, timeout, f"{users} in {room}; last {self.last(client, topic)}")
        return self.last(client, topic)

    def watcher(self, user="alice", others=("bob",), rooms=True):
        client = self.client(user)
        for other in others:
            client.subscribe(person_topic(other))
        if rooms:
            client.subscribe(room_topic(self.lobby))
        return client


class Sessions(PresenceTest):
    def test_connect_and_disconnect(self):
        alice = self.watcher()
        bob = self.client("bob")
        self.assertEqual(self.wait_state(alice, "bob", "ONLINE")["devices"], 1)
        said = self.wait_room(alice, self.lobby, ["alice", "bob"])
        self.assertEqual((said["room"], said["online"], said["countsOnly"]), (self.lobby, 2, False))
        before = time.time() * 1000
        bob.close()
        offline = self.wait_state(alice, "bob", "OFFLINE")
        self.assertAlmostEqual(int(offline["lastSeenMs"]), before, delta=5_000)
        self.assertEqual(offline["devices"], 0)
        self.wait_room(alice, self.lobby, ["alice"])

    def test_two_devices_are_one_person(self):
        alice = self.watcher()
        phone, _tablet = self.client("bob"), self.client("bob", version=V5)
        alice.wait(lambda: (self.last(alice, person_topic("bob")) or {}).get("devices") == 2, what="two devices")
        phone.close()
        alice.wait(lambda: self.last(alice, person_topic("bob"))["devices"] == 1, what="one device")
        self.assertEqual(self.last(alice, person_topic("bob"))["state"], "ONLINE")

    def test_a_reconnect_within_the_grace_and_a_take_over_are_not_seen(self):
        alice = self.watcher()
        self.raw("bob", "bob-phone")
        self.wait_state(alice, "bob", "ONLINE")
        count = len(alice.messages)
        for _ in range(3):
            self.raw("bob", "bob-phone")  # takes over
        session = self.raw("bob", "bob-phone")
        session.disconnect()
        self.raw("bob", "bob-phone")
        carol = self.client("carol")  # a later change that everybody can see
        self.room({"alice": "owner", "carol": "member"})
        alice.subscribe(person_topic("carol"))
        self.wait_state(alice, "carol", "ONLINE")
        carol.close()
        self.wait_state(alice, "carol", "OFFLINE")  # longer than bob's grace
        states = {json.loads(payload)["state"] for topic, payload, *_ in alice.messages[count:]
                  if topic == person_topic("bob")}
        self.assertLessEqual(states, {"ONLINE"})

    def test_a_lost_keep_alive(self):
        alice = self.watcher()
        started = time.monotonic()
        self.raw("bob", keepalive=2)  # and says nothing more
        self.wait_state(alice, "bob", "ONLINE")
        self.wait_state(alice, "bob", "OFFLINE")
        took = time.monotonic() - started
        self.assertGreater(took, 1.5 * 2)
        self.assertLess(took, 1.5 * 2 + 5)

    def test_a_killed_connection(self):
        alice = self.watcher()
        bob = self.raw("bob")
        self.wait_state(alice, "bob", "ONLINE")
        bob.close()
        self.wait_state(alice, "bob", "OFFLINE")

    def test_late_subscribers_get_what_is_retained(self):
        self.client("bob")
        self.wait_state(self.watcher(), "bob", "ONLINE")
        for version in (4, 5):
            late = self.raw("alice", version=version)
            for topic in (person_topic("bob"), person_topic("bob", "pb"), room_topic(self.lobby),
                          room_topic(self.lobby, "pb")):
                late.subscribe(topic)
                late.pump(lambda topic=topic: any(at == topic and retained
                                                  for at, _, _, retained, _ in late.inbox), what=topic)


class Rights(PresenceTest):
    def test_strangers_get_nothing(self):
        self.client("bob")
        self.wait_state(self.watcher(), "bob", "ONLINE")
        mallory = self.client("mallory")
        for topic in (person_topic("bob"), room_topic(self.lobby), "chat/v1/users/+/presence/json",
                      "chat/v1/rooms/+/presence/json"):
            self.assertGreaterEqual(mallory.subscribe_code(topic), 0x80, topic)
        self.assertEqual(mallory.request("presence.get", users=["bob", "nobody"])["presences"], [])
        self.assertEqual(mallory.request("presence.get", room=self.lobby)["code"], "PERMISSION_DENIED")
        admin = self.admin()
        admin.subscribe("chat/v1/#")
        self.assertGreaterEqual(admin.subscribe_code("$parley/#"), 0x80)
        admin.wait(lambda: self.last(admin, person_topic("admin")), what="one's own")
        foreign = {topic for topic, *_ in admin.messages if "/presence/" in topic or topic.startswith("$parley")}
        self.assertEqual(foreign, {person_topic("admin"), person_topic("admin", "pb")})

    def test_nobody_else_publishes_it(self):
        alice, bob = self.watcher(), self.client("bob")
        self.wait_state(alice, "bob", "ONLINE")
        for topic in (person_topic("bob"), room_topic(self.lobby)):
            bob.publish_acknowledged(topic, {"user": "bob", "state": "DND"}, retain=True)
            with self.admin() as admin:
                admin.publish_acknowledged(topic, {"user": "bob", "state": "DND"}, retain=True)
        bob.wait(lambda: bob.acks.get("", [{}])[-1].get("code") == "PERMISSION_DENIED", what="a refusal")
        late = self.watcher()
        self.assertEqual(self.wait_state(late, "bob", "ONLINE")["state"], "ONLINE")

    def test_a_removed_member_vanishes_and_a_new_one_appears(self):
        alice, bob = self.watcher(), self.client("bob")
        bob.subscribe(room_topic(self.lobby))
        self.client("carol")
        self.wait_room(alice, self.lobby, ["alice", "bob"])
        with self.make_admin() as admin:
            admin.command("addMember", room=self.lobby, user="carol")
            self.wait_room(alice, self.lobby, ["alice", "bob", "carol"])
            self.wait_room(bob, self.lobby, ["alice", "bob", "carol"])
            admin.command("removeMember", room=self.lobby, user="bob")
        self.wait_room(alice, self.lobby, ["alice", "carol"])
        self.assertEqual(sorted(m["user"] for m in self.last(bob, room_topic(self.lobby))["members"]),
                         ["alice", "bob", "carol"])  # told nothing since
        self.assertGreaterEqual(self.client("bob").subscribe_code(room_topic(self.lobby)), 0x80)

    def test_a_direct_room_is_a_room_in_common(self):
        mallory, carol = self.client("mallory"), self.client("carol")
        self.assertGreaterEqual(mallory.subscribe_code(person_topic("carol")), 0x80)
        carol.say("dm:carol:mallory", "hello")
        mallory.subscribe(person_topic("carol"))
        self.wait_state(mallory, "carol", "ONLINE")
        mallory.subscribe(room_topic("dm:carol:mallory"))
        self.wait_room(mallory, "dm:carol:mallory", ["carol", "mallory"])

    def test_deleted_users_and_rooms_leave_nothing_behind(self):
        alice = self.watcher()
        with self.make_admin() as admin:
            admin.command("createUser", username="dora", password="pw-dora")
            admin.command("addMember", room=self.lobby, user="dora")
            alice.subscribe(person_topic("dora"))
            dora = self.client("dora")
            self.wait_state(alice, "dora", "ONLINE")
            self.wait_room(alice, self.lobby, ["alice", "dora"])
            admin.command("deleteUser", username="dora")
            self.wait_room(alice, self.lobby, ["alice"])
            dora.mqtt.loop_stop()
            # Made anew: nothing of the old one is there.
            admin.command("createUser", username="dora", password="pw-dora")
            admin.command("addMember", room=self.lobby, user="dora")
            wait_until(lambda: not self.retained("alice", person_topic("dora")), 15, "the old presence is gone")
            self.assertTrue(self.retained("alice", room_topic(self.lobby)))
            admin.command("deleteRoom", room=self.lobby)
            self.room({"alice": "owner"}, name=self.lobby)
            wait_until(lambda: [m["user"] for m in self.retained("alice", room_topic(self.lobby))[:1]
                                for m in json.loads(m)["members"]] == ["alice"], 15, "the new room's presence")

    def retained(self, user, topic):
        """The payloads that a new subscriber is given at once."""
        session = self.raw(user)
        session.subscribe(topic)
        session.subscribe(f"chat/v1/users/{user}/events/json")  # answered behind what is retained
        session.disconnect()
        return [payload for at, payload, *_ in session.inbox if at == topic]


class Chosen(PresenceTest):
    def test_set_and_get(self):
        alice, bob = self.watcher(), self.client("bob")
        reply = bob.request("presence.set", state="DND", statusText="in a meeting")
        self.assertEqual((reply["code"], reply["presence"]["state"]), ("OK", "DND"), reply)
        self.assertEqual(self.wait_state(alice, "bob", "DND")["statusText"], "in a meeting")
        got = alice.request("presence.get", users=["bob", "alice", "carol"], room=self.lobby)
        self.assertEqual({p["user"]: p["state"] for p in got["presences"]}, {"bob": "DND", "alice": "ONLINE"})
        self.assertEqual({m["user"]: m["state"] for m in got["roomPresence"]["members"]},
                         {"alice": "ONLINE", "bob": "DND"})
        bob.request("presence.set", statusText="")
        alice.wait(lambda: self.last(alice, person_topic("bob"))["statusText"] == "", what="no text")
        bob.close()
        self.wait_state(alice, "bob", "OFFLINE")
        bob = self.client("bob")  # it stays as it was chosen
        self.wait_state(alice, "bob", "DND")
        bob.request("presence.set", state="ONLINE")
        self.wait_state(alice, "bob", "ONLINE")

    def test_what_cannot_be_set(self):
        bob = self.client("bob")
        for fields, named in (({"state": "OFFLINE"}, "state"), ({"state": "ASLEEP"}, "state"), ({}, "state"),
                              ({"statusText": "x" * 257}, "status_text")):
            with self.subTest(fields):
                reply = bob.request("presence.set", **fields)
                self.assertEqual(reply["code"], "INVALID_ARGUMENT", reply)
                self.assertIn(named, reply["reason"])
        self.assertEqual(bob.request("presence.get", users=["No!"])["code"], "INVALID_ARGUMENT")

    def test_the_invisible_look_as_if_they_had_left(self):
        alice, bob = self.watcher(), self.client("bob")
        self.wait_state(alice, "bob", "ONLINE")
        bob.request("presence.set", statusText="here")
        before = time.time() * 1000
        self.assertEqual(bob.request("presence.set", state="INVISIBLE")["presence"]["state"], "INVISIBLE")
        hidden = self.wait_state(alice, "bob", "OFFLINE")
        self.assertAlmostEqual(int(hidden["lastSeenMs"]), before, delta=5_000)
        self.assertEqual((hidden["devices"], hidden["statusText"]), (0, "here"))
        self.wait_room(alice, self.lobby, ["alice"])
        count = len(alice.messages)
        bob.request("presence.set", statusText="secretly")
        self.assertEqual(bob.request("presence.get")["presences"][0]["state"], "INVISIBLE")
        self.assertEqual(alice.request("presence.get", users=["bob"])["presences"], [hidden])
        self.assertEqual(alice.request("presence.get", room=self.lobby)["roomPresence"]["online"], 1)
        tablet = self.client("bob")
        tablet.close()
        bob.request("presence.set", state="AWAY")
        self.assertEqual(self.wait_state(alice, "bob", "AWAY")["statusText"], "secretly")
        told = [json.loads(p) for t, p, *_ in alice.messages[count:] if t == person_topic("bob")]
        self.assertEqual([p["state"] for p in told], ["AWAY"])
        bob.request("presence.set", state="ONLINE", statusText="")


class Restarts(PresenceTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.heal)

    def heal(self):
        if not self.broker.broker.running():
            self.broker.start_broker()
        if not self.broker.bridge.running():
            self.broker.start_bridge()

    def test_of_the_bridge(self):
        alice = self.watcher()
        bob = self.raw("bob")
        self.wait_state(alice, "bob", "ONLINE")
        self.broker.bridge.kill()
        bob.close()  # while nobody looks
        self.broker.start_bridge()
        self.wait_state(alice, "bob", "OFFLINE")
        self.wait_room(alice, self.lobby, ["alice"])
        self.broker.bridge.stop()
        late = self.raw("alice")  # what is retained is handed out without the bridge
        late.subscribe(person_topic("bob"))
        late.pump(lambda: any(at == person_topic("bob") for at, *_ in late.inbox), what="what is retained")
        self.raw("bob", "bob-again")
        self.broker.start_bridge()
        self.wait_state(alice, "bob", "ONLINE")
        self.wait_room(alice, self.lobby, ["alice", "bob"])

    def test_of_the_broker(self):
        for stop in (self.broker.broker.kill, self.broker.broker.stop):
            with self.subTest(stop.__name__):
                alice = self.watcher()
                bob = self.client("bob")
                self.wait_state(alice, "bob", "ONLINE")
                alice.close()
                bob.mqtt.loop_stop()
                stop()
                lost = time.time() * 1000
                self.broker.start_broker()
                alice = self.watcher()
                offline = self.wait_state(alice, "bob", "OFFLINE", 30)
                self.assertAlmostEqual(int(offline["lastSeenMs"]), lost, delta=5_000)
                self.wait_room(alice, self.lobby, ["alice"])
                self.raw("bob", f"bob-{stop.__name__}")
                self.wait_state(alice, "bob", "ONLINE")
                alice.close()

    def test_of_both(self):
        alice, bob = self.watcher(), self.client("bob")
        self.wait_state(alice, "bob", "ONLINE")
        alice.close()
        bob.mqtt.loop_stop()
        self.broker.bridge.kill()
        self.broker.broker.kill()
        self.broker.start_broker()
        self.broker.start_bridge()
        alice = self.watcher()
        self.wait_state(alice, "bob", "OFFLINE", 30)
        self.wait_room(alice, self.lobby, ["alice"])

    def test_of_a_bridge_that_has_lost_its_store(self):
        alice, bob = self.watcher(), self.raw("bob")
        self.wait_state(alice, "bob", "ONLINE")
        self.broker.bridge.kill()
        bob.close()
        shutil.rmtree(os.path.join(self.broker.data, "bridge/store"))
        self.broker.start_bridge()
        self.wait_room(alice, self.lobby, ["alice"])
        alice.wait(lambda: self.last(alice, person_topic("bob")) == "", 15, "bob is taken back")


class CommandLine(CliTest):
    BRIDGE_OPTIONS = PresenceTest.BRIDGE_OPTIONS

    def test_it_shows_sets_and_watches(self):
        self.client("bob")
        watching = self.running("alice", "presence", "bob", "--room", self.lobby, "--watch", "--json")
        watching.wait_for(lambda p: any(line.get("state") == "ONLINE" for line in p.json_lines()))
        out, _ = self.parley("bob", "presence", "--set", "away", "--status", "at lunch")
        self.assertRegex(out, "^bob away.*: at lunch\n$")
        watching.wait_for(lambda p: any(line.get("state") == "AWAY" for line in p.json_lines()))
        out, _ = self.parley("alice", "presence", "bob", "carol")
        self.assertRegex(out, "^bob away.*: at lunch\n$")
        out, _ = self.parley("alice", "presence", "--room", self.lobby)
        self.assertRegex(out, f"^{self.lobby}: 2 online\n  alice online.*\n  bob away")
        self.assertEqual(json.loads(self.parley("carol", "presence", "--json")[0])["state"], "ONLINE")
        self.parley("carol", "presence", "--room", self.lobby, code=DENIED)
        self.parley("carol", "presence", "bob", "--watch", code=DENIED)
        self.parley("bob", "presence", "--set", "asleep", code=USAGE)
        self.parley("bob", "presence", "alice", "--set", "away", code=USAGE)


if __name__ == "__main__":
    main()
