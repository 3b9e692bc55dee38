"""The administrator's commands on $CONTROL, and their errors."""
import json

from tests.support.client import new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main


class Control(ParleyTest):
    def codes(self, admin, *commands):
        return [response.get("code", "OK") if response.get("error") else "OK" for response in admin.control(*commands)]

    def test_a_list_runs_in_order_and_answers_in_order(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                user, room = f"u{new_id()[:8]}", f"r{new_id()[:8]}"
                admin = self.make_admin(version=version)
                self.addCleanup(admin.close)
                responses = admin.control(
                    {"command": "createUser", "username": user, "password": "secret"},
                    {"command": "createRoom", "room": room, "kind": "group",
                     "members": [{"user": user, "role": "owner"}]},
                    {"command": "addMember", "room": room, "user": "alice", "role": "member"},
                    {"command": "setMemberRole", "room": room, "user": "alice", "role": "moderator"},
                    {"command": "removeMember", "room": room, "user": "alice"})
                self.assertEqual([r.get("error") for r in responses], [None] * 5, responses)
                self.assertEqual([r["command"] for r in responses],
                                 ["createUser", "createRoom", "addMember", "setMemberRole", "removeMember"])

    def test_what_would_change_nothing_is_an_error_and_makes_no_event(self):
        admin = self.admin()
        lobby = self.room({"alice": "owner", "bob": "member"})
        self.assertEqual(self.codes(
            admin,
            {"command": "createUser", "username": "alice", "password": "x"},
            {"command": "createRoom", "room": lobby, "kind": "group"},
            {"command": "addMember", "room": lobby, "user": "bob", "role": "member"},
            {"command": "setMemberRole", "room": lobby, "user": "bob", "role": "member"},
            {"command": "removeMember", "room": lobby, "user": "carol"},
            {"command": "setMemberRole", "room": lobby, "user": "carol", "role": "owner"},
            {"command": "deleteUser", "username": "no-such-user"},
            {"command": "setUserPassword", "username": "no-such-user", "password": "x"},
            {"command": "addMember", "room": "no-such-room", "user": "bob", "role": "member"},
            {"command": "addMember", "room": lobby, "user": "no-such-user", "role": "member"},
            {"command": "createRoom", "room": f"r{new_id()[:8]}", "kind": "group",
             "members": [{"user": "no-such-user", "role": "owner"}]},
        ), ["ALREADY_EXISTS"] * 4 + ["NOT_FOUND"] * 7)
        self.assertEqual(self.client("alice").say(lobby, "x")["seq"], "2")

    def test_bad_arguments(self):
        admin = self.admin()
        room = f"r{new_id()[:8]}"
        for command in ({"command": "createUser", "username": "Not A Name", "password": "x"},
                        {"command": "createUser", "username": "", "password": "x"},
                        {"command": "createUser", "password": "x"},
                        {"command": "createUser", "username": 7, "password": "x"},
                        {"command": "createUser", "username": "long-password", "password": "x" * 257},
                        {"command": "createUser", "username": "nul-password", "password": "a\u0000b"},
                        {"command": "createRoom", "room": "../x", "kind": "group"},
                        {"command": "createRoom", "room": room, "kind": "GROUP"},
                        {"command": "createRoom", "room": room, "kind": "nonsense"},
                        {"command": "createRoom", "room": room, "kind": "direct"},
                        {"command": "createRoom", "room": room, "kind": "group", "members": "alice"},
                        {"command": "createRoom", "room": room, "kind": "group", "members": [{"user": "alice"}, 7]},
                        {"command": "createRoom", "room": room, "kind": "group",
                         "members": [{"user": "alice", "role": "king"}]},
                        {"command": "createRoom", "room": room, "kind": "group",
                         "members": [{"user": "alice", "role": "owner"}, {"user": "alice", "role": "member"}]},
                        {"command": "addMember", "room": room},
                        {"command": "removeMember"}):
            with self.subTest(json.dumps(command)[:80]):
                response = admin.control(command)[0]
                self.assertIn(response.get("code"), ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"), response)
                self.assertTrue(response["error"])

    def test_unknown_commands(self):
        response = self.admin().control({"command": "makeCoffee"})[0]
        self.assertEqual(response["code"], "UNIMPLEMENTED")

    def test_malformed_lists_are_answered(self):
        admin = self.admin()
        for payload in ("{not json", "", "[]", "{}", '{"commands":7}', '{"commands":[7]}', '{"commands":[{}]}',
                        '{"commands":[{"command":7}]}', b"\xff\xff"):
            with self.subTest(payload):
                before = len(admin.controls)
                admin.publish("$CONTROL/parley/v1", payload)
                admin.wait(lambda b=before: len(admin.controls) > b)
                self.assertTrue(admin.controls[-1]["error"])
        self.assertEqual(admin.disconnects, 0)

    def test_a_long_list(self):
        admin = self.admin()
        prefix = f"u{new_id()[:6]}"
        commands = [{"command": "createRoom", "room": f"{prefix}-{i}", "kind": "group"} for i in range(500)]
        self.assertFalse([r for r in admin.control(*commands) if r.get("error")])

    def test_commands_survive_kill_9_once_answered(self):
        admin = self.admin()
        room = self.room({"alice": "owner"})
        admin.command("addMember", room=room, user="bob", role="member")
        self.broker.kill9()
        self.broker.start()
        self.client("bob").say(room, "still a member")
        self.assertEqual(self.codes(self.admin(), {"command": "createRoom", "room": room, "kind": "group"}),
                         ["ALREADY_EXISTS"])


if __name__ == "__main__":
    main()
