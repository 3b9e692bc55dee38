"""The command line `parley`, end to end: text and JSON, stdin, exit codes."""
import json
import os
import signal
import stat
import subprocess

from tests.support.broker import CLI
from tests.support.cli_test import (DENIED, EXISTS, INVALID_ARGUMENT, NOT_FOUND, UNAUTHENTICATED, UNAVAILABLE, USAGE,
                                    CliTest)
from tests.support.client import new_id
from tests.support.parley_test import main
from tests.support.waiting import free_port, wait_until


class Cli(CliTest):

    def admin(self, *arguments, **options):
        return self.admin_parley("admin", *arguments, **options)

    def history(self, room, user="alice"):
        return self.json_lines(self.parley(user, "history", room, "--all", "--json")[0])

    def test_send_says_what_became_of_it(self):
        out, _ = self.parley("alice", "--json", "send", self.lobby, "hello, world")
        ack = json.loads(out)
        self.assertEqual((ack["code"], ack["seq"], ack["durability"]), ("OK", "2", "FSYNCED"))
        self.assertEqual(self.texts(self.history(self.lobby)), ["hello, world"])
        out, _ = self.parley("alice", "send", self.lobby, "again")
        self.assertIn("3", out)

    def test_each_line_of_stdin_is_a_message_in_order(self):
        lines = [f"line {i} שלום 👍 \t x" for i in range(300)]
        out, _ = self.parley("alice", "--json", "send", self.lobby, stdin="\n".join(lines).encode())
        self.assertEqual([ack["code"] for ack in self.json_lines(out)], ["OK"] * 300)
        self.assertEqual(self.texts(self.history(self.lobby)), lines)

    def test_the_same_id_again_stores_nothing_new(self):
        for duplicate in (False, True):
            out, _ = self.parley("alice", "--json", "send", self.lobby, "once", "--id", "cli-1")
            self.assertIs(json.loads(out)["duplicate"], duplicate)
        self.assertEqual(self.texts(self.history(self.lobby)), ["once"])

    def test_history_in_text_and_pages(self):
        self.parley("alice", "send", self.lobby, stdin=b"one\ntwo\nthree\n")
        out, _ = self.parley("bob", "history", self.lobby)
        for word in ("alice", "one", "two", "three"):
            self.assertIn(word, out)
        out, _ = self.parley("bob", "history", self.lobby, "--limit", "2", "--json")
        self.assertEqual(self.texts(self.json_lines(out)), ["two", "three"])
        out, _ = self.parley("bob", "history", self.lobby, "--after", "1", "--limit", "1", "--json")
        self.assertEqual(self.texts(self.json_lines(out)), ["one"])

    def test_a_terminal_is_not_obeyed(self):
        self.parley("alice", "send", self.lobby, "\x1b[31mred\x07")
        out, _ = self.parley("bob", "history", self.lobby)
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\x07", out)
        self.assertEqual(self.texts(self.history(self.lobby)), ["\x1b[31mred\x07"])

    def test_tail_shows_what_comes(self):
        self.parley("alice", "send", self.lobby, "before")
        tail = subprocess.Popen([CLI, "tail", self.lobby, "-n", "1", "--count", "2", "--timeout", "30", "--json"],
                                env=self.environment("bob"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        self.addCleanup(tail.kill)
        first = json.loads(tail.stdout.readline())
        self.assertEqual(first["text"]["text"], "before")
        self.parley("alice", "send", self.lobby, "after")
        rest, _ = tail.communicate(timeout=30)
        self.assertEqual(self.texts(self.json_lines(rest.decode())), ["after"])
        self.assertEqual(tail.returncode, 0)

    def test_tail_ends_on_ctrl_c(self):
        tail = subprocess.Popen([CLI, "tail", self.lobby, "--all", "--json"], env=self.environment("bob"),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(tail.kill)
        tail.stdout.readline()
        tail.send_signal(signal.SIGINT)
        tail.communicate(timeout=20)
        self.assertIn(tail.returncode, (0, 130))

    def test_tail_comes_back_after_kill_9_and_misses_nothing(self):
        tail = subprocess.Popen([CLI, "tail", self.lobby, "--all", "--count", "4", "--timeout", "60", "--json"],
                                env=self.environment("bob"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        self.addCleanup(tail.kill)
        tail.stdout.readline()  # seq 1: it is there
        self.parley("alice", "send", self.lobby, "one")
        tail.stdout.readline()
        self.broker.kill9()
        self.broker.start_broker()
        for text in ("two", "three"):
            self.parley("alice", "send", self.lobby, text)
        rest, _ = tail.communicate(timeout=90)
        self.assertEqual(self.texts(self.json_lines(rest.decode())), ["two", "three"])

    def test_rooms(self):
        out, _ = self.parley("bob", "rooms", "--json")
        self.assertIn(self.lobby, [room["room"] for room in self.json_lines(out)])
        out, _ = self.parley("bob", "rooms")
        self.assertIn(self.lobby, out)

    def test_login_remembers(self):
        self.parley(None, "login", "--user", "alice", stdin=b"pw-alice\n")
        path = os.path.join(self.home, ".config/parley/config")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.parley(None, "send", self.lobby, "remembered")
        self.parley(None, "login", "--user", "alice", stdin=b"wrong\n", code=UNAUTHENTICATED)
        self.parley(None, "send", self.lobby, "still remembered")

    def test_admin_commands(self):
        user, room = f"u{new_id()[:8]}", f"r{new_id()[:8]}"
        self.admin("create-user", user, "--password-stdin", stdin=f"pw-{user}\n".encode())
        self.admin("create-room", room, "--kind", "group", "--member", f"{user}:owner", "--member", "alice")
        self.parley(user, "send", room, "hello")
        self.admin("add-member", room, "bob", "reader")
        self.parley("bob", "send", room, "no", code=DENIED)
        self.admin("set-role", room, "bob", "member")
        self.parley("bob", "send", room, "yes")
        self.admin("remove-member", room, "bob")
        self.parley("bob", "history", room, code=DENIED)
        self.assertIn(user, self.admin("list-users")[0])
        self.assertIn(room, self.admin("list-rooms")[0])
        self.admin("set-password", user, "--password-stdin", stdin=b"another\n")
        self.parley(user, "send", room, "x", code=UNAUTHENTICATED)
        self.admin("delete-user", user)
        self.admin("delete-user", user, code=NOT_FOUND)
        self.admin("create-user", "alice", "--password-stdin", stdin=b"x\n", code=EXISTS)

    def test_admin_batch(self):
        user = f"u{new_id()[:8]}"
        commands = [{"command": "createUser", "username": user, "password": f"pw-{user}"},
                    {"command": "createUser", "username": "alice", "password": "x"},
                    {"command": "createRoom", "room": f"r-{user}", "kind": "group",
                     "members": [{"user": user, "role": "owner"}]}]
        out, _ = self.admin("batch", "--json", stdin="\n".join(map(json.dumps, commands)).encode(), code=EXISTS)
        self.assertEqual([bool(answer.get("error")) for answer in self.json_lines(out)], [False, True, False])
        self.parley(user, "send", f"r-{user}", "made by a batch")

    def test_refusals_have_exit_codes(self):
        vault = self.room({"carol": "owner"})
        out, _ = self.parley("alice", "--json", "send", vault, "let me in", code=DENIED)
        self.assertEqual(json.loads(out)["code"], "PERMISSION_DENIED")
        self.parley("alice", "send", "no-such-room", "x", code=NOT_FOUND)
        self.parley("alice", "history", vault, code=DENIED)
        self.parley("alice", "send", self.lobby, "", code=INVALID_ARGUMENT)
        out, _ = self.parley("alice", "send", self.lobby, stdin=b"good\n\nalso good\n", code=INVALID_ARGUMENT)
        self.assertEqual(self.texts(self.history(self.lobby)), ["good", "also good"])

    def test_usage_errors(self):
        for arguments in ((), ("makecoffee",), ("send",), ("send", self.lobby, "x", "--nonsense"),
                          ("send", self.lobby, "x", "--qos", "3"), ("history",), ("history", "../x"),
                          ("history", self.lobby, "--limit", "0"), ("history", self.lobby, "--limit", "x"),
                          ("--port", "0", "rooms"), ("admin",), ("admin", "makecoffee"),
                          ("tail", "NOT A ROOM"), ("rooms", "makecoffee"), ("rooms", "update", "x"), ("rooms", "join"),
                          ("members",), ("members", "add", "x"), ("members", "list", "x", "--title", "t"), ("users",),
                          ("access", "explain", "x"), ("access", "explain", "x", "t", "--access", "eat"),
                          ("admin", "kick"), ("admin", "list-roles", "x"), ("admin", "get-user", "x", "--deny"),
                          ("pub",), ("pub", "a/+"), ("sub",), ("bench",), ("bench", "x", "--size", "1"),
                          ("completion", "tcsh"), ("manual", "x"), ("doctor", "x"), ("chat", "x", "y")):
            with self.subTest(arguments):
                out, err = self.parley("alice", *arguments, code=USAGE)
                self.assertEqual(out, "")
                self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_wrong_password_and_no_broker(self):
        _, err = self.parley("alice", "--password", "wrong", "rooms", code=UNAUTHENTICATED)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        _, err = self.parley("alice", "--json", "--password", "wrong", "rooms", code=UNAUTHENTICATED)
        self.assertEqual(json.loads(err)["code"], "UNAUTHENTICATED")
        _, err = self.parley("alice", "--port", str(free_port()), "--connect-timeout", "1", "rooms", code=UNAVAILABLE)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_help(self):
        out, _ = self.parley(None, "--help")
        for command in ("login", "chat", "send", "tail", "history", "inbox", "rooms", "members", "users", "pub", "sub", "access",
                        "admin", "bench", "doctor", "completion", "manual"):
            self.assertIn(command, out)
            self.assertIn(f"parley {command}", self.parley(None, command, "--help")[0])

    def test_queries_without_a_bridge(self):
        self.broker.bridge.kill()
        self.addCleanup(self.broker.start_bridge)
        wait_until(lambda: subprocess.run([CLI, "history", self.lobby], env=self.environment("alice"), timeout=60,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                                          stderr=subprocess.DEVNULL).returncode == UNAVAILABLE, 20)
        self.parley("alice", "send", self.lobby, "the chat goes on")


if __name__ == "__main__":
    main()
