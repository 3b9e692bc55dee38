#!/usr/bin/python3
"""Access rules of plain topics: roles, rules of one user, priorities, what bites at once, what is explained."""
from tests.support.parley_test import V5, ParleyTest, main


class RolesTest(ParleyTest):
    USERS = ("alice", "bob", "carol")

    def setUp(self):
        self.boss = self.admin()
        self.root = f"plain/{next(self._numbers)}"
        self.addCleanup(self.clear)

    def clear(self):
        with self.make_admin() as boss:
            for role in boss.command("listRoles")["roles"]:
                for acl in role["acls"]:
                    boss.command("removeRoleAcl", role=role["role"], acltype=acl["acltype"], topic=acl["topic"])
                if role["role"] not in ("admin", "everyone"):
                    boss.command("deleteRole", role=role["role"])

    def allow(self, role, acltype, topic, allow=True, priority=0):
        self.boss.command("addRoleAcl", role=role, acltype=acltype, topic=topic, allow=allow, priority=priority)

    def may_publish(self, user, topic):
        """By the reason code that a client of version 5 gets."""
        with self.raw(user, version=5) as session:
            return session.publish_acknowledged(topic, "x") < 0x80

    def may_subscribe(self, user, filter_):
        with self.raw(user) as session:
            return session.subscribe(filter_) < 0x80

    def test_without_a_rule_all_is_closed(self):
        self.assertFalse(self.may_publish("alice", self.root))
        self.assertFalse(self.may_subscribe("alice", self.root))

    def test_a_role_gives_rights_once_its_reply_is_seen(self):
        self.boss.command("createRole", role="meter")
        self.allow("meter", "publish", f"{self.root}/%u/%c/#")
        self.allow("meter", "subscribe", f"{self.root}/+/x")
        self.boss.command("addUserRole", username="alice", role="meter")
        with self.raw("alice", client_id="cl-1", version=5) as session:
            self.assertLess(session.publish_acknowledged(f"{self.root}/alice/cl-1/x", "1"), 0x80)
            self.assertEqual(session.publish_acknowledged(f"{self.root}/bob/cl-1", "1"), 0x87)
            self.assertEqual(session.publish_acknowledged(f"{self.root}/alice/cl-2", "1"), 0x87)
            self.assertEqual(session.subscribe(f"{self.root}/+/x"), 1)
            self.assertEqual(session.subscribe(f"{self.root}/#"), 0x87)
        self.assertFalse(self.may_publish("bob", f"{self.root}/bob/cl-1"))

    def test_a_right_that_is_taken_away_is_gone_once_the_reply_is_seen(self):
        self.allow("everyone", "subscribe", f"{self.root}/#")
        self.allow("everyone", "publish", f"{self.root}/#")
        reader, writer = self.client("bob"), self.client("alice", version=V5)
        reader.subscribe(f"{self.root}/#")
        writer.publish_acknowledged(f"{self.root}/a", "before")
        reader.wait(lambda: [m for m in reader.messages if m[1] == b"before"], what="the message before")
        self.boss.command("addUserAcl", username="bob", acltype="subscribe", topic=f"{self.root}/a", allow=False, priority=1)
        writer.publish_acknowledged(f"{self.root}/a", "denied")
        writer.publish_acknowledged(f"{self.root}/b", "after")
        reader.wait(lambda: [m for m in reader.messages if m[1] == b"after"], what="the message after")
        self.assertEqual([m[1] for m in reader.messages if m[0].startswith(self.root)], [b"before", b"after"])
        self.assertEqual(reader.disconnects, 0, "a right taken away disconnects nobody")
        self.boss.command("removeUserAcl", username="bob", acltype="subscribe", topic=f"{self.root}/a")

    def test_what_was_retained_and_queued_is_asked_for_again(self):
        self.allow("everyone", "subscribe", f"{self.root}/#")
        self.allow("everyone", "publish", f"{self.root}/#")
        away = self.client("bob", client_id="bob-away", clean=False)
        away.subscribe(f"{self.root}/#")
        away.close()
        writer = self.client("alice")
        writer.publish_acknowledged(f"{self.root}/a", "queued")
        writer.publish_acknowledged(f"{self.root}/r", "kept", retain=True)
        self.boss.command("removeRoleAcl", role="everyone", acltype="subscribe", topic=f"{self.root}/#")
        self.allow("everyone", "subscribe", f"{self.root}/ok")
        back = self.client("bob", client_id="bob-away", clean=False)
        back.subscribe(f"{self.root}/ok")
        writer.publish_acknowledged(f"{self.root}/ok", "last")
        back.wait(lambda: [m for m in back.messages if m[1] == b"last"], what="the last message")
        got = {m[1] for m in back.messages if m[0].startswith(self.root)}
        self.assertEqual(got, {b"last"}, "once for each of the two subscriptions, and nothing else")

    def test_priorities_decide_and_at_equal_ones_a_denial(self):
        self.allow("everyone", "publish", f"{self.root}/#", True, 5)
        self.allow("everyone", "publish", f"{self.root}/a", False, 4)
        self.allow("everyone", "publish", f"{self.root}/b", False, 5)
        self.assertTrue(self.may_publish("alice", f"{self.root}/a"))
        self.assertFalse(self.may_publish("alice", f"{self.root}/b"))

    def test_a_shared_subscription_is_decided_as_its_filter(self):
        self.allow("everyone", "subscribe", f"{self.root}/a")
        self.assertTrue(self.may_subscribe("alice", f"$share/g/{self.root}/a"))
        for refused in (f"$share/g/{self.root}/b", f"$share/g/{self.root}/+", f"$share//{self.root}/a", "$share/g/#"):
            self.assertFalse(self.may_subscribe("alice", refused), refused)

    def test_a_rule_for_all_topics_does_not_open_chat_or_system_topics(self):
        self.allow("everyone", "subscribe", "#")
        self.allow("everyone", "publish", "#")
        room = self.room({"bob": "owner"})
        for refused in ("#", "+/#", "chat/#", "chat/v1/#", f"chat/v1/rooms/{room}/events/json", "$SYS/#", "$CONTROL/#"):
            self.assertFalse(self.may_subscribe("alice", refused), refused)
        self.assertTrue(self.may_subscribe("alice", "other/#"))
        self.assertFalse(self.may_publish("alice", "$CONTROL/parley/v1"))
        self.assertFalse(self.may_publish("alice", f"chat/v1/rooms/{room}/events/json"))

    def test_the_last_admin_and_the_role_admin_stay(self):
        for command in ({"command": "deleteRole", "role": "admin"},
                        {"command": "removeUserRole", "username": "admin", "role": "admin"}):
            self.assertEqual(self.boss.control(command)[0]["code"], "FAILED_PRECONDITION")
        self.boss.command("addUserRole", username="alice", rolename="admin")
        self.assertIn("alice", self.boss.command("getRole", role="admin")["users"])
        self.assertTrue(self.may_subscribe("alice", "#"))
        self.boss.command("removeUserRole", username="alice", role="admin")
        self.assertFalse(self.may_subscribe("alice", "#"))

    def test_bad_commands_get_one_error_that_says_what_to_do(self):
        self.boss.command("createRole", role="meter")
        rule = {"command": "addRoleAcl", "role": "meter", "acltype": "publish", "topic": "a", "allow": True}
        for change, field in (({"acltype": "write"}, "acltype"), ({"topic": "a#"}, "topic"), ({"allow": "yes"}, "allow"),
                              ({"priority": 1.5}, "priority"), ({"topic": "chat/v1/#"}, "membership"),
                              ({"topic": "$SYS/#"}, "$SYS"), ({"role": "Meter!"}, "role"), ({"topic": None}, "topic")):
            answer = self.boss.control({**rule, **change})[0]
            self.assertEqual(answer["code"], "INVALID_ARGUMENT", change)
            self.assertIn(field, answer["error"])

    def test_roles_and_rules_survive_a_restart(self):
        self.boss.command("createRole", role="meter")
        self.allow("meter", "publish", f"{self.root}/#", priority=-3)
        self.boss.command("addUserRole", username="alice", role="meter", priority=2)
        self.boss.command("addUserAcl", username="bob", acltype="publish", topic=f"{self.root}/b", allow=True)
        before = self.boss.command("getRole", role="meter")
        self.broker.kill9()
        self.broker.start_broker()
        self.boss = self.admin()
        self.assertEqual(self.boss.command("getRole", role="meter"), before)
        self.assertEqual(before["acls"], [{"acltype": "publish", "allow": True, "priority": -3, "topic": f"{self.root}/#"}])
        self.assertTrue(self.may_publish("alice", f"{self.root}/b"))
        self.assertTrue(self.may_publish("bob", f"{self.root}/b"))
        self.assertFalse(self.may_publish("bob", f"{self.root}/c"))

    def test_explain_names_the_rule_and_what_would_have_to_change(self):
        self.boss.command("createRole", role="meter")
        self.allow("meter", "publish", f"{self.root}/#")
        self.boss.command("addUserRole", username="alice", role="meter")
        question = {"topic": f"{self.root}/a", "access": "publish"}
        answer = self.boss.command("explainAccess", username="alice", **question)
        self.assertTrue(answer["allowed"])
        self.assertEqual(answer["rule"], {"role": "meter", "acltype": "publish", "topic": f"{self.root}/#", "allow": True,
                                          "priority": 0})
        self.assertEqual(answer["change"], "")
        answer = self.boss.command("explainAccess", username="bob", **question)
        self.assertFalse(answer["allowed"])
        self.assertIsNone(answer["rule"])
        self.assertIn("addRoleAcl", answer["change"])
        self.assertNotIn("\n", answer["reason"] + answer["change"])
        room = self.room({"bob": "owner"})
        answer = self.boss.command("explainAccess", username="alice", topic=f"chat/v1/rooms/{room}/send/json", access="publish")
        self.assertIn(f"alice is not a member of {room}", answer["reason"])
        for bad in ({"access": "read"}, {"topic": "a/+"}, {"client": "no client"}, {"topic": ""}):
            answer = self.boss.control({"command": "explainAccess", "username": "bob", **question, **bad})[0]
            self.assertEqual(answer["code"], "INVALID_ARGUMENT", bad)

    def test_user_roles_are_given_when_a_user_is_made(self):
        answer = self.boss.control({"command": "createUser", "username": "dora", "password": "pw-dora", "roles": ["nothing"]})[0]
        self.assertEqual(answer["code"], "NOT_FOUND")
        self.boss.command("createRole", role="meter")
        self.allow("meter", "publish", self.root)
        self.boss.command("createUser", username="dora", password="pw-dora", roles=["meter"])
        self.assertTrue(self.may_publish("dora", self.root))
        self.boss.command("deleteRole", role="meter")
        self.assertFalse(self.may_publish("dora", self.root))
        self.boss.command("deleteUser", username="dora")


if __name__ == "__main__":
    main()
