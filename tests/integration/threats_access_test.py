#!/usr/bin/python3
"""The threats to access (2–6, 12, 25, 27), each as an attacker would try it: on a bare socket."""
import json
import os


from tests.support.parley_test import ParleyTest, main
from tests.support.raw import Closed, Refused, Session, text
from tests.support.waiting import wait_until

# MQTT 5 property: response topic 8, topic alias 35.


def response_topic(topic):
    return b"\x08" + text(topic)


class AccessThreatsTest(ParleyTest):
    USERS = ("alice", "bob", "mallory")
    BRIDGE = True

    def refused(self, user, client_id, password=None):
        try:
            Session(self.broker.port, user, password or "pw", client_id, timeout=5).close()
        except (Refused, Closed, AssertionError, TypeError):
            return True
        return False

    def spy(self, user="mallory", **options):
        """A session that tries to subscribe to everything it can think of; the codes of the SUBACKs."""
        session = self.raw(user, **options)
        filters = ("#", "+/#", "+/+/#", "chat/#", "chat/v1/#", "chat/v1/rooms/#", "chat/v1/rooms/+/events/json",
                   "chat/v1/users/+/events/json", "chat/v1/clients/+/acks/json", "chat/v1/clients/#",
                   "chat/v1/requests/#", "$parley/#", "$CONTROL/#", "$SYS/#")
        return session, {one: session.subscribe(one) for one in filters}

    def alive(self):
        """The broker serves on: a chat goes through."""
        room = self.room({"alice": "owner"})
        self.client("alice").say(room, "alive")

    def test_2_names_with_wildcards_control_characters_or_too_long_are_refused(self):
        for name in ("+", "#", "a/b", "$a", "a+", "A", "a\x01b", "a b", "x" * 65, "ä", "-a", b"\xff\xfe", b"\xed\xa0\x80"):
            self.assertTrue(self.refused(name, "c1"), name)
        for client_id in ("+", "#", "a/b", "$x", "x y", "x" * 129, "a\x01", b"\xff\xff"):
            self.assertTrue(self.refused("mallory", client_id, "pw-mallory"), client_id)
        self.alive()

    def test_2_topics_that_are_malformed_harm_nobody(self):
        for topic in (b"chat/v1/rooms/\x00/send/json", b"chat/v1/rooms/\xff\xfe/send/json", b"chat/v1/rooms/+/send/json",
                      b"chat/v1/rooms/#", b"", b"x" * 65535, b"/" * 300, b"chat/v1/rooms/" + b"y" * 60000 + b"/send/json"):
            with self.raw("mallory") as session:
                try:
                    session.publish(topic, "x")
                    session.send(b"\xc0\x00")
                    while session.read(5)[0] != 13:
                        pass
                except (Closed, TypeError):
                    pass
        self.alive()

    def test_3_a_share_is_decided_exactly_as_its_filter(self):
        room = self.room({"alice": "owner"})
        for user, filters in (("mallory", ("#", "chat/v1/#", f"chat/v1/rooms/{room}/events/json", "$parley/requests")),
                              ("alice", (f"chat/v1/rooms/{room}/events/json", "chat/v1/users/alice/#"))):
            with self.raw(user) as session:
                for filter_ in filters:
                    plain, shared = session.subscribe(filter_), session.subscribe(f"$share/g/{filter_}")
                    self.assertEqual(plain < 0x80, shared < 0x80, f"{user} {filter_}")
        with self.raw("mallory") as session:
            for bad in ("$share/g", "$share//a", "$share/+/a"):
                try:
                    self.assertGreaterEqual(session.subscribe(bad), 0x80, bad)
                except Closed:
                    session = self.raw("mallory")

    def test_4_wide_filters_are_refused_to_who_is_no_admin(self):
        _, codes = self.spy()
        self.assertEqual({one for one, code in codes.items() if code < 0x80}, set())

    def test_5_wills_into_chat_control_and_system_topics_are_never_delivered(self):
        room = self.room({"alice": "owner", "mallory": "member"})
        alice = self.client("alice")
        alice.subscribe(f"chat/v1/rooms/{room}/events/json")
        boss, admin_eye = self.admin(), self.admin()
        admin_eye.subscribe("#")
        admin_eye.subscribe("$SYS/will")
        body = json.dumps({"commands": [{"command": "createRoom", "room": "by-will"}]})
        for topic in (f"chat/v1/rooms/{room}/send/json", f"chat/v1/rooms/{room}/events/json", "chat/v1/users/alice/events/json",
                      f"chat/v1/clients/{alice.client_id}/acks/json", "$CONTROL/parley/v1", "$SYS/will", "$parley/requests"):
            with self.raw("mallory", will=(topic, body, 1, True)):
                pass  # closed without DISCONNECT
        admin = self.raw_admin(will=("$CONTROL/parley/v1", body, 1, False))
        admin.close()
        message_id = self.client("mallory").send(room, "marker")
        alice.wait_event(message_id)
        self.assertEqual([e["text"]["text"] for e in alice.seen() if "text" in e], ["marker"])
        self.assertNotIn("by-will", [one["room"] for one in boss.command("listRooms")["rooms"]])
        self.assertFalse([m for m in admin_eye.messages if m[1] == body.encode()])

    def test_5_a_will_after_disabling_or_deleting_is_never_delivered(self):
        boss = self.admin()
        boss.command("createUser", username="doomed", password="pw-doomed")
        boss.command("addRoleAcl", role="everyone", acltype="publish", topic="wills/#", allow=True)
        boss.command("addRoleAcl", role="everyone", acltype="subscribe", topic="wills/#", allow=True)
        alice = self.client("alice")
        alice.subscribe("wills/#")
        session = Session(self.broker.port, "doomed", "pw-doomed", "doomed-1", will=("wills/doomed", "x", 1, False))
        self.addCleanup(session.close)
        boss.command("deleteUser", username="doomed")
        try:
            while session.read(10) is not None:
                pass
            self.fail("a deleted user is disconnected")
        except Closed:
            pass
        with self.raw("mallory", will=("wills/other", "y", 1, False)):
            pass
        alice.wait(lambda: [m for m in alice.messages if m[0] == "wills/other"], what="the other's will")
        self.assertEqual([m[0] for m in alice.messages if m[0].startswith("wills/")], ["wills/other"])

    def raw_admin(self, **options):
        user, password = self.broker.credentials()
        session = Session(self.broker.port, user, password, f"boss-{next(self._numbers)}", **options)
        self.addCleanup(session.close)
        return session

    def test_6_nothing_is_retained_in_a_room(self):
        room = self.room({"alice": "owner"})
        with self.raw("alice") as session:
            session.publish_acknowledged(f"chat/v1/rooms/{room}/send/json", '{"id":"r1","text":{"text":"keep"}}', retain=True)
            session.publish_acknowledged(f"chat/v1/rooms/{room}/send/text", "qos 2", qos=2, retain=True)
        late = self.client("alice")
        late.subscribe(f"chat/v1/rooms/{room}/events/json")
        late.subscribe("chat/v1/users/alice/#")
        message_id = late.send(room, "now")
        late.wait_event(message_id)
        presence = "chat/v1/users/alice/presence/"  # the bridge's own, which is retained
        self.assertFalse([m for m in late.messages if m[3] and not m[0].startswith(presence)], "no retained message")

    def test_12_a_response_topic_in_foreign_space_gets_no_reply(self):
        room = self.room({"alice": "owner", "bob": "member", "mallory": "member"})
        bob = self.client("bob")
        bob.subscribe(f"chat/v1/clients/{bob.client_id}/#")
        mallory = self.raw("mallory", client_id="mallory-12", version=5)
        mallory.subscribe("chat/v1/clients/mallory-12/#")
        request = json.dumps({"requestId": "evil", "room": room})
        for topic in (f"chat/v1/clients/{bob.client_id}/replies/json", f"chat/v1/rooms/{room}/events/json",
                      "chat/v1/users/bob/events/json", "$CONTROL/parley/v1", "plain/topic", "chat/v1/clients/mallory-12x/replies/json"):
            before = len(mallory.inbox)
            mallory.publish("chat/v1/requests/history.page/json", request, properties=response_topic(topic))
            mallory.pump(lambda: len(mallory.inbox) > before, what="the reply, at one's own topic")
            self.assertEqual(mallory.inbox[-1][0], "chat/v1/clients/mallory-12/replies/json")
        bob.say(room, "marker")
        self.assertFalse([m for m in bob.messages if b"evil" in m[1]])

    def test_12_a_topic_alias_is_checked_like_its_topic(self):
        room = self.room({"alice": "owner"})
        with self.raw("mallory", version=5) as session:
            alias = b"\x23\x00\x01"
            topic = f"chat/v1/rooms/{room}/events/json"
            self.assertEqual(session.publish_acknowledged(topic, "forged", properties=alias), 0x87)
            self.assertEqual(session.publish_acknowledged("", "forged", properties=alias), 0x87)
        with self.raw("mallory", version=5) as session:
            session.publish("", "no such alias", properties=b"\x23\x00\x09")
            with self.assertRaises(Closed):
                while session.read(5) is not None:
                    pass
                raise AssertionError("an alias that was never set ends the connection")
        self.alive()

    def test_27_an_admins_wildcard_gets_no_draft_request_password_or_foreign_reply(self):
        room = self.room({"alice": "owner"})
        eye, codes = self.spy_admin()
        self.assertEqual({code for one, code in codes.items() if one.startswith("$parley")}, {0x80})
        alice = self.client("alice")
        alice.say(room, "secret words")
        alice.request("history.page", room=room)
        self.admin().command("createUser", username=f"user-{next(self._numbers)}", password="secret-password")
        boss = self.admin()
        boss.command("addRoleAcl", role="everyone", acltype="publish", topic="marker", allow=True)
        boss.command("addRoleAcl", role="everyone", acltype="subscribe", topic="marker", allow=True)
        alice.publish_acknowledged("marker", "end")
        eye.pump(lambda: [m for m in eye.inbox if m[0] == "marker"], what="the marker")
        own = ("$SYS/", "chat/v1/users/admin/presence/")  # one's own presence, and nobody else's
        leaked = [m for m in eye.inbox if m[0] != "marker" and not m[0].startswith(own)]
        self.assertEqual(leaked, [])

    def spy_admin(self):
        session = self.raw_admin()
        filters = ("#", "chat/v1/#", "chat/v1/rooms/+/send/+", "chat/v1/requests/+/+", "chat/v1/clients/+/replies/+",
                   "$CONTROL/#", "$SYS/#", "$parley/#", "$parley/requests")
        return session, {one: session.subscribe(one) for one in filters}


class ReloadTest(ParleyTest):
    """25: SIGHUP, with an acl_file that is empty, and one that is broken: nothing opens, sessions stay."""

    USERS = ("alice",)

    @classmethod
    def setUpClass(cls):
        from tests.support.broker import temporary_folder
        cls.acl = os.path.join(temporary_folder(), "rules")
        cls.write_acl("user device\ntopic readwrite open/#\nuser alice\ntopic readwrite open/#\n")
        cls.OPTIONS = (f"acl_file {cls.acl}",)
        cls.PLUGIN_OPTIONS = ("plugin_opt_parley_other_topics defer",)
        super().setUpClass()

    @classmethod
    def write_acl(cls, content):
        with open(cls.acl, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(cls.acl, 0o644)

    def reload(self):
        before = self.broker.log().count("Reloading config")
        self.broker.hang_up()
        wait_until(lambda: self.broker.log().count("Reloading config") > before, 10, "the reload")

    def test_25_a_reload_with_an_empty_acl_closes_and_keeps_sessions(self):
        alice = self.client("alice", version=5)
        room = self.room({"alice": "owner"})
        raw = self.raw("alice", version=5)
        self.assertLess(raw.publish_acknowledged("open/x", "1"), 0x80)
        self.write_acl("")
        self.reload()
        self.assertEqual(raw.publish_acknowledged("open/x", "2"), 0x87)
        self.assertEqual(raw.publish_acknowledged("closed/x", "2"), 0x87)
        alice.say(room, "the session is still there")
        self.assertEqual(alice.disconnects, 0)


class BrokenAclTest(ReloadTest):
    def test_25_a_reload_with_an_empty_acl_closes_and_keeps_sessions(self):
        """Mosquitto stops at a broken acl_file: what it must not do is to serve with everything open."""
        raw = self.raw("alice", version=5)
        self.assertLess(raw.publish_acknowledged("open/x", "1"), 0x80)
        self.write_acl("user alice\ntopic nonsense open/#\n")
        self.reload()
        try:
            self.assertEqual(raw.publish_acknowledged("closed/x", "2"), 0x87)
        except (Closed, OSError):
            pass
        if self.broker.broker.running():
            with self.raw("alice", version=5) as session:
                self.assertEqual(session.publish_acknowledged("closed/x", "2"), 0x87)


if __name__ == "__main__":
    main()
