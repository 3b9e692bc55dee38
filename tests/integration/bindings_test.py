#!/usr/bin/python3
"""Plain topics that are bound to rooms: the message goes its way untouched, and becomes an event."""
import base64

from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until


class BindingsTest(ParleyTest):
    USERS = ("alice", "bob", "sensor")
    BRIDGE = True

    def setUp(self):
        self.boss = self.admin()
        self.base = f"site/{next(self._numbers)}"
        self.room_name = self.room({"bob": "owner"})
        self.grant("publish", f"{self.base}/#")
        self.grant("subscribe", f"{self.base}/#")

    def grant(self, acltype, topic):
        self.boss.command("addRoleAcl", role="everyone", acltype=acltype, topic=topic, allow=True)

    def bind(self, filter_, room=None, **options):
        self.boss.command("bindTopic", filter=filter_, room=room or self.room_name, **options)
        self.addCleanup(self.unbind, filter_, room or self.room_name)

    def unbind(self, filter_, room):
        with self.make_admin() as boss:
            boss.control({"command": "unbindTopic", "filter": filter_, "room": room})

    def bound_events(self, client, room=None):
        return [event for event in client.seen(room or self.room_name) if event["topic"]]

    def stat(self, name):
        return self.boss.command("stats")[name]

    def test_a_message_goes_its_way_untouched_and_becomes_an_event(self):
        self.bind(f"{self.base}/+/t", content_type="text/plain")
        plain, reader = self.client("alice"), self.client("bob")
        plain.subscribe(f"{self.base}/#")
        reader.subscribe(f"chat/v1/rooms/{self.room_name}/events/json")
        sensor = self.client("sensor", client_id="sensor-7")
        payload = b"21.5\x00\xff"
        for qos in (1, 2):
            sensor.publish_acknowledged(f"{self.base}/{qos}/t", payload, qos=qos)
            reader.wait(lambda: len(self.bound_events(reader)) >= qos, what="the event")
            event = self.bound_events(reader)[qos - 1]
            self.assertEqual((event["topic"], event["sender"], event["client"], event["id"]),
                             (f"{self.base}/{qos}/t", "sensor", "sensor-7", ""))
            self.assertEqual(event["custom"]["contentType"], "text/plain")
            self.assertEqual(base64.b64decode(event["custom"]["data"]), payload)
        plain.wait(lambda: len([m for m in plain.messages if m[1] == payload]) == 2, what="the plain messages")
        self.assertEqual(self.texts(reader.history(self.room_name)), [])
        self.assertEqual([e["topic"] for e in reader.history(self.room_name) if e["topic"]],
                         [f"{self.base}/1/t", f"{self.base}/2/t"])
        self.assertEqual(sensor.acks, {}, "no ack")
        self.assertIn("PERMISSION_DENIED", sensor.request("history.page", room=self.room_name)["code"], "no member")

    def test_qos_0_wills_and_other_topics_make_no_event(self):
        self.bind(f"{self.base}/t")
        reader = self.client("bob")
        reader.subscribe(f"chat/v1/rooms/{self.room_name}/events/json")
        watcher = self.client("alice")
        watcher.subscribe(f"{self.base}/#")
        sensor = self.client("sensor")
        sensor.publish(f"{self.base}/t", "qos 0", qos=0)
        sensor.publish_acknowledged(f"{self.base}/other", "other")
        dying = self.raw("sensor", will=(f"{self.base}/t", "will", 1, False))
        dying.close()
        watcher.wait(lambda: [m for m in watcher.messages if m[1] == b"will"], what="the will, its ordinary way")
        sensor.publish_acknowledged(f"{self.base}/t", "last")
        reader.wait(lambda: self.bound_events(reader), what="the last one's event")
        self.assertEqual([base64.b64decode(e["custom"]["data"]) for e in self.bound_events(reader)], [b"last"])

    def test_two_bindings_make_one_event_for_each_room(self):
        other = self.room({"bob": "owner"})
        self.bind(f"{self.base}/#")
        self.bind(f"{self.base}/+")
        self.bind(f"{self.base}/a", room=other)
        reader = self.client("bob")
        reader.subscribe("chat/v1/users/bob/events/json")
        self.client("sensor").publish_acknowledged(f"{self.base}/a", "x")
        reader.wait(lambda: self.bound_events(reader, other) and self.bound_events(reader), what="both events")
        self.assertEqual(len(reader.history(self.room_name)), 2, "the members' event, and one of the message")
        self.assertEqual(len(self.bound_events(reader, other)), 1)

    def test_the_plain_topics_own_rules_decide_and_nothing_else(self):
        self.bind("elsewhere/t")
        reader = self.client("bob")
        with self.raw("sensor", version=5) as session:
            self.assertEqual(session.publish_acknowledged("elsewhere/t", "x"), 0x87)
        self.assertEqual([e for e in reader.history(self.room_name) if e["topic"]], [])

    def test_what_a_room_cannot_take_only_goes_its_ordinary_way_and_is_counted(self):
        self.bind(f"{self.base}/t")
        before = self.stat("boundMessagesLeftOut")
        watcher = self.client("alice")
        watcher.subscribe(f"{self.base}/#")
        large = b"x" * 65537
        self.client("sensor").publish_acknowledged(f"{self.base}/t", large)
        watcher.wait(lambda: [m for m in watcher.messages if m[1] == large], what="the large message")
        self.assertEqual(self.stat("boundMessagesLeftOut"), before + 1)
        self.assertEqual([e for e in self.client("bob").history(self.room_name) if e["topic"]], [])

    def test_a_retained_message_stays_retained(self):
        self.bind(f"{self.base}/r")
        self.client("sensor").publish_acknowledged(f"{self.base}/r", "kept", retain=True)
        late = self.client("alice")
        late.subscribe(f"{self.base}/r")
        late.wait(lambda: [m for m in late.messages if m[1] == b"kept" and m[3]], what="the retained message")

    def test_bindings_are_listed_survive_a_restart_and_end(self):
        self.bind(f"{self.base}/t", content_type="application/json")
        mine = {"filter": f"{self.base}/t", "room": self.room_name, "content_type": "application/json"}
        self.assertIn(mine, self.boss.command("listBindings")["bindings"])
        with self.raw("sensor") as session:
            session.publish_acknowledged(f"{self.base}/t", "acknowledged")
            self.broker.kill9()
        self.broker.start_broker()
        self.boss = self.admin()
        self.assertIn(mine, self.boss.command("listBindings")["bindings"])
        wait_until(lambda: self.stat("bridgeConnected"), 20, "the bridge")
        reader = self.client("bob")
        data = [base64.b64decode(e["custom"]["data"]) for e in reader.history(self.room_name) if e["topic"]]
        self.assertEqual(data, [b"acknowledged"], "what got a PUBACK survives kill -9")
        self.boss.command("unbindTopic", filter=f"{self.base}/t", room=self.room_name)
        self.client("sensor").publish_acknowledged(f"{self.base}/t", "after")
        self.assertNotIn(mine, self.boss.command("listBindings")["bindings"])
        reader.say(self.room_name, "end")
        self.assertEqual(len([e for e in reader.history(self.room_name) if e["topic"]]), 1)

    def test_a_filter_into_chat_or_system_topics_is_refused(self):
        for filter_ in ("#", "+/#", "chat/#", "chat/v1/rooms/x/send/json", "$SYS/#", "$share/g/a", "a#", ""):
            answer = self.boss.control({"command": "bindTopic", "filter": filter_, "room": self.room_name})[0]
            self.assertEqual(answer.get("code"), "INVALID_ARGUMENT", filter_)
            self.assertIn("filter", answer["error"])


if __name__ == "__main__":
    main()
