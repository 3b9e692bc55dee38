"""What has changed for one: `parley inbox`, unread in `parley rooms`, receipts and typing in `parley chat`."""
from tests.support.cli_test import USAGE, CliTest
from tests.support.parley_test import main
from tests.support.waiting import wait_until


class Inbox(CliTest):

    def items(self, *options, user="bob"):
        return self.json_lines(self.parley(user, "inbox", "--json", *options)[0])

    def test_what_has_changed(self):
        garden = self.room({"alice": "owner", "bob": "member"})
        with self.make_admin() as admin:
            admin.command("setMemberRole", room=garden, user="bob", role="moderator")
            admin.command("removeMember", room=garden, user="bob")
        added, role, removed = self.items()[-3:]
        self.assertEqual((added["roomAdded"]["room"], added["roomAdded"]["role"]), (garden, "MEMBER"))
        self.assertEqual(role["roleChanged"]["role"], "MODERATOR")
        self.assertEqual(removed["roomRemoved"]["change"], "REMOVED")
        lines = self.parley("bob", "inbox")[0].splitlines()[-3:]
        for line, said in zip(lines, ("added as member by admin", "now moderator by admin", "removed by admin")):
            self.assertIn(f"{garden}: {said}", line)
        self.parley("bob", "inbox", "more", code=USAGE)

    def test_follows_through_a_restart_each_item_once(self):
        follow = self.running("bob", "inbox", "--follow", "--json")
        follow.wait_for(lambda p: p.json_lines())
        before = len(follow.json_lines())
        first = self.room({"bob": "owner"})
        follow.wait_for(lambda p: len(p.json_lines()) == before + 1)
        self.broker.kill9()
        self.broker.start_broker()
        second = self.room({"bob": "owner"})
        follow.wait_for(lambda p: len(p.json_lines()) == before + 2, 60)
        items = follow.json_lines()
        self.assertEqual([item["roomAdded"]["room"] for item in items[before:]], [first, second])
        wait_until(lambda: self.broker.http_status("/ready") == 200, 60, "the bridge is back, too")
        self.assertEqual(items, self.items()[-len(items):])

    def test_unread_in_the_list_of_rooms(self):
        with self.client("alice") as alice:
            alice.say(self.lobby, "one", mentions=["bob"])
            alice.say(self.lobby, "two")
        self.assertIn("unread 2 mentions 1", self.parley("bob", "rooms")[0])
        chat = self.running("bob", "chat", self.lobby, "--receipts")
        chat.wait_for(lambda p: "alice: two" in p.read()[0])
        wait_until(lambda: "unread 0 mentions 0" in next(
            line for line in self.parley("bob", "rooms")[0].splitlines() if line.startswith(self.lobby + " ")))

    def test_a_pipe_tells_nobody_what_was_read(self):
        with self.client("alice") as alice:
            alice.say(self.lobby, "one")
        chat = self.running("bob", "chat", self.lobby)
        chat.wait_for(lambda p: "alice: one" in p.read()[0])
        chat.end_input()
        self.assertEqual(chat.wait(), 0)
        self.assertIn(f"{self.lobby} group member head 2 unread 1", self.parley("bob", "rooms")[0])
        self.parley("bob", "chat", self.lobby, "--receipts", "--private", code=USAGE)

    def test_what_was_read_last_is_told_at_the_end(self):
        for number in range(5):
            with self.client("alice") as alice:
                alice.say(self.lobby, str(number))
            self.parley("bob", "chat", self.lobby, "--receipts")
            wait_until(lambda: "unread 0" in next(
                line for line in self.parley("bob", "rooms")[0].splitlines() if line.startswith(self.lobby + " ")), 10)

    def test_who_is_typing(self):
        text = self.running("bob", "chat", self.lobby, "--receipts")
        json_ = self.running("bob", "chat", self.lobby, "--receipts", "--json")
        with self.client("alice") as alice:
            def shown():
                alice.publish(f"chat/v1/rooms/{self.lobby}/signals/json", {"kind": "TYPING_START"}, qos=0)
                return ("[alice is typing...]" in text.read()[0] and
                        any(line.get("signal", {}).get("sender") == "alice" for line in json_.json_lines()))
            wait_until(shown, 20)
            alice.publish_acknowledged(f"chat/v1/rooms/{self.lobby}/signals/json", {"kind": "TYPING_STOP"})
        self.assertEqual(text.read()[0].count("is typing"), 1, "once for all renewals")

    def test_who_has_read(self):
        text = self.running("bob", "chat", self.lobby, "--receipts")
        text.wait_for(lambda p: p.lines())
        with self.client("alice") as alice:
            seq = alice.say(self.lobby, "look")["seq"]
            alice.publish_acknowledged(f"chat/v1/rooms/{self.lobby}/cursor/json", {"read": seq})
            text.wait_for(lambda p: f"[alice read up to #{seq}]" in p.read()[0])


if __name__ == "__main__":
    main()
