"""Direct rooms: they exist as soon as both users do, and only for these two."""
from tests.support.client import new_id
from tests.support.parley_test import ParleyTest, main


class DirectRooms(ParleyTest):
    def users(self, count=3):
        """New users, so that no direct room of theirs has a message yet."""
        names = [f"u{new_id()[:10]}" for _ in range(count)]
        with self.make_admin() as admin:
            for name in names:
                admin.command("createUser", username=name, password=f"pw-{name}")
        return sorted(names)

    def test_the_first_message_arrives_in_the_users_topics(self):
        a, b, _ = self.users()
        ann, ben = self.client(a), self.client(b)
        for client in (ann, ben):
            client.subscribe(f"chat/v1/users/{client.user}/events/json")
        first = ann.send(f"dm:{a}:{b}", "psst")
        ack = ann.ack(first)
        self.assertEqual((ack["code"], ack["seq"], ack["room"]), ("OK", "1", f"dm:{a}:{b}"))
        for client in (ann, ben):
            self.assertEqual(client.wait_event(first)["text"]["text"], "psst")
        answer = ben.send(f"dm:{a}:{b}", "what?")
        self.assertEqual(ann.wait_event(answer)["seq"], "2")

    def test_both_may_subscribe_before_anything_was_sent(self):
        a, b, c = self.users()
        ann, ben, cat = self.client(a), self.client(b), self.client(c)
        topic = f"chat/v1/rooms/dm:{a}:{b}/events/json"
        ann.subscribe(topic)
        ben.subscribe(topic)
        self.assertGreaterEqual(cat.subscribe_code(topic), 0x80)
        message_id = ben.send(f"dm:{a}:{b}", "first")
        self.assertEqual(ann.wait_event(message_id)["seq"], "1")
        self.assertEqual(ben.wait_event(message_id)["seq"], "1")

    def test_anyone_else_is_refused_whether_it_exists_or_not(self):
        a, b, c = self.users()
        cat, ann = self.client(c), self.client(a)
        for _ in range(2):
            ack = cat.ack(cat.send(f"dm:{a}:{b}", "intruder"))
            self.assertEqual(ack["code"], "PERMISSION_DENIED")
            ann.say(f"dm:{a}:{b}", "now it exists")

    def test_bad_names(self):
        a, b, _ = self.users()
        ann = self.client(a)
        for room, code in ((f"dm:{b}:{a}", "INVALID_ARGUMENT"), (f"dm:{a}:{a}", "INVALID_ARGUMENT"),
                           (f"dm:{a}", "INVALID_ARGUMENT"), (f"dm:{a}:", "INVALID_ARGUMENT"),
                           (f"dm:{a}:{b}:{b}", "INVALID_ARGUMENT"), (f"dm:{a}:zzz-no-such-user", "NOT_FOUND")):
            with self.subTest(room):
                self.assertEqual(ann.ack(ann.send(room, "x"))["code"], code)

    def test_rooms_and_members_commands_do_not_apply(self):
        a, b, c = self.users()
        self.client(a).say(f"dm:{a}:{b}", "x")
        room = f"dm:{a}:{b}"
        responses = self.admin().control({"command": "createRoom", "room": room, "kind": "group"},
                                         {"command": "addMember", "room": room, "user": c, "role": "member"},
                                         {"command": "removeMember", "room": room, "user": b},
                                         {"command": "setMemberRole", "room": room, "user": b, "role": "owner"})
        self.assertEqual([r.get("code") for r in responses], ["FAILED_PRECONDITION"] * 4)

    def test_a_new_user_of_an_old_name_sees_nothing_of_the_old(self):
        a, b, _ = self.users()
        ann = self.client(a)
        ann.say(f"dm:{a}:{b}", "for the first one")
        admin = self.admin()
        admin.command("deleteUser", username=b)
        admin.command("createUser", username=b, password=f"pw-{b}")
        ben = self.client(b)
        ben.subscribe(f"chat/v1/users/{b}/events/json")
        marker = ann.send(f"dm:{a}:{b}", "for the second one")
        ben.wait_event(marker)
        self.assertEqual(self.texts(ben.seen()), ["for the second one"])


if __name__ == "__main__":
    main()
