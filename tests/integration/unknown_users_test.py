#!/usr/bin/python3
"""parley_unknown_users defer: users whom Parley does not know are the broker's own: password_file and acl_file."""
import os
import subprocess
import unittest

from tests.support.broker import Broker, temporary_folder
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import Refused, Session
from tests.support.waiting import wait_until


class UnknownUsersTest(ParleyTest):
    USERS = ("alice", "bob")

    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder()
        passwords = os.path.join(cls.folder, "passwords")
        subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "Old_Device", "secret"], check=True, timeout=10)
        subprocess.run(["mosquitto_passwd", "-b", passwords, "alice", "not-alices"], check=True, timeout=10)
        rules = os.path.join(cls.folder, "rules")
        with open(rules, "w", encoding="utf-8") as file:
            file.write("user Old_Device\ntopic readwrite old/#\ntopic readwrite chat/v1/#\ntopic read $SYS/#\n")
        for path in (passwords, rules):
            os.chmod(path, 0o644)
        cls.OPTIONS = (f"password_file {passwords}", f"acl_file {rules}")
        cls.PLUGIN_OPTIONS = ("plugin_opt_parley_unknown_users defer", "plugin_opt_parley_other_topics defer")
        super().setUpClass()

    def old(self, client_id="old-1", **options):
        session = Session(self.broker.port, "Old_Device", "secret", client_id, **options)
        self.addCleanup(session.close)
        return session

    def test_the_password_file_decides_who_they_are(self):
        self.old().disconnect()
        with self.assertRaises(Refused):
            Session(self.broker.port, "Old_Device", "wrong", "old-2")
        with self.assertRaises(Refused):
            Session(self.broker.port, "nobody", "x", "old-3")
        with self.assertRaises(Refused):
            Session(self.broker.port, client_id="anonymous")

    def test_the_password_file_says_nothing_of_parleys_own_users(self):
        with self.assertRaises(Refused):
            Session(self.broker.port, "alice", "not-alices", "alice-1")
        self.client("alice")

    def test_the_acl_file_decides_their_topics_but_never_chat_and_control(self):
        old = self.old(version=5)
        self.assertEqual(old.subscribe("old/#"), 1)
        self.assertLess(old.publish_acknowledged("old/1", "x"), 0x80)
        old.pump(lambda: old.inbox, what="the message")
        self.assertEqual(old.publish_acknowledged("new/1", "x"), 0x87)
        for filter_ in ("#", "chat/#", "chat/v1/#", "$CONTROL/#", "$parley/#", "$share/g/chat/v1/#", "+/v1/#"):
            self.assertEqual(old.subscribe(filter_), 0x87, filter_)
        room = self.room({"alice": "owner"})
        for topic in (f"chat/v1/rooms/{room}/send/json", f"chat/v1/rooms/{room}/events/json", "chat/v1/requests/sync/json",
                      "$CONTROL/parley/v1"):
            self.assertEqual(old.publish_acknowledged(topic, "{}"), 0x87, topic)

    def test_they_take_over_no_client_id_of_a_user(self):
        alice = self.client("alice", client_id="alice-phone")
        with self.assertRaises(Refused):
            self.old("alice-phone")
        alice.say(self.room({"alice": "owner"}), "still here")

    def test_a_bound_message_of_theirs_only_goes_its_ordinary_way(self):
        boss = self.admin()
        room = self.room({"alice": "owner"})
        boss.command("bindTopic", filter="old/bound", room=room)
        before = boss.command("stats")["boundMessagesLeftOut"]
        old = self.old("old-4")
        old.subscribe("old/bound")
        old.publish_acknowledged("old/bound", "x")
        old.pump(lambda: old.inbox, what="the message")
        self.assertEqual(boss.command("stats")["boundMessagesLeftOut"], before + 1)

    def test_a_will_of_theirs_goes_where_the_acl_file_allows(self):
        watcher = self.old("old-5")
        watcher.subscribe("old/will")
        for topic in ("old/will", "chat/v1/rooms/x/send/json", "$CONTROL/parley/v1"):
            self.old("old-6", will=(topic, "gone", 1, False)).close()
            wait_until(lambda: "old-6 closed" in self.broker.log() or "old-6 disconnected" in self.broker.log(), 10)
        watcher.pump(lambda: watcher.inbox, what="the will")
        self.assertEqual([m[0] for m in watcher.inbox], ["old/will"])

    def test_sighup_keeps_them(self):
        old = self.old("old-7")
        alice = self.client("alice")
        old.subscribe("old/x")
        self.broker.hang_up()
        wait_until(lambda: "Reloading config" in self.broker.log(), 10, "the reload")
        old.publish_acknowledged("old/x", "x")
        old.pump(lambda: old.inbox, what="the message")
        alice.say(self.room({"alice": "owner"}), "still here")
        self.assertEqual(alice.disconnects, 0)


class DeniedTest(unittest.TestCase):
    def test_by_default_unknown_users_are_refused(self):
        folder = temporary_folder()
        passwords = os.path.join(folder, "passwords")
        subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "device", "secret"], check=True, timeout=10)
        os.chmod(passwords, 0o644)
        with Broker(options=[f"password_file {passwords}"]) as broker:
            with self.assertRaises(Refused):
                Session(broker.port, "device", "secret", "d-1")

    def test_the_option_takes_deny_or_defer(self):
        with self.assertRaises(AssertionError) as failure:
            with Broker(plugin_options=["plugin_opt_parley_unknown_users maybe"]):
                pass
        self.assertIn("parley_unknown_users takes deny or defer", str(failure.exception))


if __name__ == "__main__":
    main()
