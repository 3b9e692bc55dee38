"""`parley chat`: line mode, live, resuming by itself; what is typed is stored once."""
import glob

from tests.support.cli_test import DENIED, USAGE, CliTest
from tests.support.client import new_id
from tests.support.parley_test import main
from tests.support.waiting import wait_until


class Chat(CliTest):

    def await_bridge(self):
        """Where the broker was started again, the bridge follows."""
        wait_until(lambda: self.broker.http_status("/ready") == 200, 60, "the bridge is back, too")

    def history(self, room, user="alice"):
        return self.json_lines(self.parley(user, "history", room, "--all", "--json")[0])

    def texts_of(self, program):
        return self.texts([line for line in program.json_lines() if "seq" in line and "durability" not in line])

    def acks_of(self, program):
        return [line for line in program.json_lines() if "durability" in line]

    def test_two_people_talk(self):
        alice = self.running("alice", "chat", self.lobby, "--json")
        bob = self.running("bob", "chat", self.lobby, "--json")
        for program in (alice, bob):
            program.wait_for(lambda p: p.json_lines())  # the room's first event: it is there
        alice.type("hello")
        bob.wait_for(lambda p: "hello" in self.texts_of(p))
        bob.type("hello yourself")
        alice.wait_for(lambda p: "hello yourself" in self.texts_of(p))
        for program in (alice, bob):
            program.wait_for(lambda p: self.texts_of(p) == ["hello", "hello yourself"])
            self.assertEqual([ack["code"] for ack in self.acks_of(program)], ["OK"])
            program.type("/quit")
            self.assertEqual(program.wait(), 0)

    def test_a_person_reads_text_and_sees_the_ack(self):
        chat = self.running("alice", "chat", self.lobby)
        chat.type("for all to see")
        chat.wait_for(lambda p: "[stored as #2]" in p.read()[0] and "alice: for all to see" in p.read()[0])

    def test_the_last_messages_come_first(self):
        self.parley("alice", "send", self.lobby, stdin="\n".join(f"m{i}" for i in range(20)).encode())
        chat = self.running("bob", "chat", self.lobby, "--json", "-n", "3")
        chat.wait_for(lambda p: self.texts_of(p) == ["m17", "m18", "m19"])
        chat.type("/history 2")
        chat.wait_for(lambda p: self.texts_of(p) == ["m17", "m18", "m19", "m15", "m16"])
        chat.type("/history 1")
        chat.wait_for(lambda p: self.texts_of(p)[5:] == ["m14"])

    def test_a_pipe_waits_for_its_acks(self):
        lines = [f"line {i} שלום 👍" for i in range(700)]
        out, _ = self.parley("alice", "chat", self.lobby, "--json", "-n", "0", stdin="\n".join(lines).encode())
        acks = [line for line in self.json_lines(out) if "durability" in line]
        self.assertEqual([ack["code"] for ack in acks], ["OK"] * len(lines))
        self.assertEqual(self.texts(self.history(self.lobby)), lines)

    def test_resumes_after_kill_9_without_loss_or_doubles(self):
        bob = self.running("bob", "chat", self.lobby, "--json")
        bob.wait_for(lambda p: p.json_lines())
        bob.type("before")
        bob.wait_for(lambda p: self.acks_of(p))
        self.broker.kill9()
        bob.wait_for(lambda p: "connection lost" in p.read()[1])
        bob.type("typed while the broker is away")
        self.broker.start_broker()
        self.parley("alice", "send", self.lobby, "sent before bob is back, perhaps")
        bob.wait_for(lambda p: len(self.acks_of(p)) == 2 and len(self.texts_of(p)) == 3, 60)
        bob.end_input()
        self.assertEqual(bob.wait(), 0)
        self.await_bridge()
        stored = [(event["seq"], event["text"]["text"]) for event in self.history(self.lobby) if "text" in event]
        shown = [(line["seq"], line["text"]["text"]) for line in bob.json_lines() if "text" in line]
        self.assertEqual(shown, stored)
        self.assertEqual(sorted(self.texts(self.history(self.lobby))),
                         sorted(["before", "typed while the broker is away", "sent before bob is back, perhaps"]))

    def test_an_unacknowledged_line_is_sent_again_with_its_id(self):
        """The broker is killed again and again under a stream of lines: each is stored once."""
        lines = [f"line {i}" for i in range(400)]
        chat = self.running("alice", "chat", self.lobby, "--json", "-n", "0")
        for part in range(4):
            chat.type(*lines[part * 100:(part + 1) * 100])
            chat.wait_for(lambda p, least=part * 100 + 20: len(self.acks_of(p)) >= least, 60)
            if part < 3:
                self.broker.kill9()
                self.broker.start_broker()
        chat.end_input()
        self.assertEqual(chat.wait(120), 0)
        self.await_bridge()
        self.assertEqual(sorted(self.texts(self.history(self.lobby))), sorted(lines))

    def test_a_terminal_is_not_obeyed(self):
        bob = self.running("bob", "chat", self.lobby)
        bob.wait_for(lambda p: p.lines())
        self.parley("alice", "send", self.lobby, "\x1b[31mred\x07 \u009b2J")
        bob.wait_for(lambda p: "red" in p.read()[0])
        out, err = bob.read()
        for control in ("\x1b", "\x07", "\u009b"):
            self.assertNotIn(control, out + err)

    def test_commands_and_what_they_say(self):
        chat = self.running("alice", "chat", self.lobby)
        chat.wait_for(lambda p: p.lines())
        chat.type("/help", "/nonsense", "//slash", "", "/history 0")
        chat.wait_for(lambda p: "[stored as #2]" in p.read()[0])
        chat.wait_for(lambda p: "1 to 1000" in p.read()[1])
        err = chat.read()[1]
        self.assertIn("/quit", err)
        self.assertIn("/nonsense", err)
        self.assertEqual(self.texts(self.history(self.lobby)), ["/slash"])

    def test_a_refused_line_is_shown_and_sets_the_exit_code(self):
        room = self.room({"alice": "owner", "bob": "reader"})
        out, _ = self.parley("bob", "chat", room, stdin=b"may I?\n", code=DENIED)
        self.assertIn("PERMISSION_DENIED", out)
        self.parley("carol", "chat", room, code=DENIED)
        self.parley("alice", "chat", code=USAGE)
        self.parley("alice", "chat", "NO ROOM", code=USAGE)

    def test_resume_shows_what_was_missed_between_two_runs(self):
        first = self.running("bob", "chat", self.lobby, "--json", "--resume")
        self.parley("alice", "send", self.lobby, "one")
        first.wait_for(lambda p: "one" in self.texts_of(p))
        first.type("/quit")
        self.assertEqual(first.wait(), 0)
        self.parley("alice", "send", self.lobby, stdin="\n".join(f"missed {i}" for i in range(30)).encode())
        second = self.running("bob", "chat", self.lobby, "--json", "--resume")
        second.wait_for(lambda p: len(self.texts_of(p)) >= 30)
        second.type("/quit")
        self.assertEqual(second.wait(), 0)
        self.assertEqual(self.texts_of(second), [f"missed {i}" for i in range(30)])


class Tail(CliTest):
    """What a tail keeps between runs."""

    def tail(self, count, *arguments):
        out, _ = self.parley("bob", "tail", *arguments, "--resume", "--json", "--count", str(count), "--timeout", "30")
        return self.texts(self.json_lines(out))

    def test_resume_goes_on_where_the_last_one_ended(self):
        mark = new_id()
        first = self.running("bob", "tail", "-n", "1", "--resume", "--json", "--timeout", "60")
        first.wait_for(lambda p: any(line["room"] == self.lobby for line in p.json_lines()))
        other = self.room({"alice": "owner", "bob": "member"})  # appears while it runs
        first.wait_for(lambda p: any(line["room"] == other for line in p.json_lines()))
        self.parley("alice", "send", self.lobby, f"{mark} shown")
        first.wait_for(lambda p: f"{mark} shown" in p.read()[0])
        first.process.terminate()
        first.wait()
        self.parley("alice", "send", self.lobby, f"{mark} missed 1")
        self.parley("alice", "send", other, f"{mark} missed 2")
        self.assertEqual(sorted(self.tail(2)), [f"{mark} missed 1", f"{mark} missed 2"])
        self.parley("alice", "send", other, f"{mark} missed 3")
        self.assertEqual(self.tail(1), [f"{mark} missed 3"])

    def test_a_broken_file_of_positions_is_named(self):
        self.tail(1, self.lobby, "-n", "1")
        path, = glob.glob(f"{self.home}/.local/state/parley/tail@bob@*.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write("{")
        _, err = self.parley("bob", "tail", "--resume", "--timeout", "1", code=65)
        self.assertIn(path, err)


if __name__ == "__main__":
    main()
