"""`parley pub` and `parley sub`: any topic, chat payloads decoded, binary shown safely."""
import base64
import json
import os
import subprocess
import tempfile

from tests.support.broker import CLI
from tests.support.cli_test import DENIED, NOT_FOUND, UNAVAILABLE, CliTest
from tests.support.client import new_id
from tests.support.parley_test import main


class Raw(CliTest):
    # An acl_file that allows all other topics, asked by way of parley_other_topics defer.
    PLUGIN_OPTIONS = ("plugin_opt_parley_other_topics defer",)

    @classmethod
    def setUpClass(cls):
        cls.OPTIONS = ("acl_file " + cls.write_acl(),)
        super().setUpClass()

    @classmethod
    def write_acl(cls):
        folder = tempfile.mkdtemp(prefix="parley-acl-")
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "acl")
        with open(path, "w", encoding="utf-8") as file:
            file.write("pattern readwrite plain/#\n")
        os.chmod(path, 0o644)
        cls.addClassCleanup(lambda: (os.unlink(path), os.rmdir(folder)))
        return path

    def sub(self, user, *arguments):
        """A sub that stands: it has seen a retained marker."""
        mark = f"plain/ready/{new_id()}"
        self.parley(user, "pub", mark, "ready", "--retain")
        self.addCleanup(self.parley, user, "pub", mark, "--empty", "--retain")
        program = self.running(user, "sub", *arguments, mark)
        program.wait_for(lambda p: "ready" in p.read()[0])
        return program

    def test_text_goes_through(self):
        topic = f"plain/{new_id()}"
        sub = self.sub("bob", topic)
        self.parley("alice", "pub", topic, "hello")
        self.parley("alice", "pub", topic, "-", stdin="from stdin שלום".encode())
        self.parley("alice", "pub", topic, "--lines", stdin=b"one\ntwo\n")
        sub.wait_for(lambda p: p.lines()[1:] == [f"{topic} {text}" for text in
                                                 ("hello", "from stdin שלום", "one", "two")])

    def test_binary_is_shown_safely_and_kept_by_json_and_raw(self):
        topic, payload = f"plain/{new_id()}", bytes(range(256))
        path = os.path.join(self.home, "payload")
        with open(path, "wb") as file:
            file.write(payload)
        self.parley("alice", "pub", topic, "--from-file", path, "--retain")
        out, _ = self.parley("bob", "sub", topic, "--count", "1", "--timeout", "20")
        self.assertTrue(out.startswith(f"{topic} (retained) [256 bytes] 00 01"), out)
        self.assertNotIn("\x1b", out)
        out, _ = self.parley("bob", "sub", topic, "--count", "1", "--timeout", "20", "--json")
        message = json.loads(out)
        self.assertEqual((message["qos"], message["retained"]), (1, True))
        self.assertEqual(base64.b64decode(message["payloadBase64"]), payload)
        raw = subprocess.run([CLI, "sub", topic, "--count", "1", "--raw"], env=self.environment("bob"), timeout=30,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        self.assertEqual(raw.stdout, payload)
        self.parley("alice", "pub", topic, "--empty", "--retain")
        self.parley("bob", "sub", topic, "--count", "1", "--timeout", "1", code=UNAVAILABLE)

    def test_control_sequences_of_topics_and_payloads_do_not_arrive(self):
        topic = f"plain/{new_id()}"
        sub = self.sub("bob", topic)
        self.parley("alice", "pub", topic, "\x1b[2Jred\x07\nnext")
        sub.wait_for(lambda p: len(p.lines()) == 2)
        self.assertEqual(sub.lines()[1], f"{topic} ?[2Jred??next")

    def test_chat_topics_are_decoded_in_both_encodings(self):
        for encoding in ("pb", "json"):
            topic = f"chat/v1/rooms/{self.lobby}/events/{encoding}"
            people = self.sub("bob", topic)
            machines = self.sub("bob", topic, "--json")
            self.parley("alice", "send", self.lobby, f"in {encoding}")
            people.wait_for(lambda p: p.lines()[-1].endswith(f"alice: in {encoding}"))
            machines.wait_for(lambda p: len(p.lines()) == 2)
            message = machines.json_lines()[1]
            self.assertEqual(message["message"]["text"]["text"], f"in {encoding}")
            self.assertEqual(message["topic"], topic)

    def test_a_chat_publish_shows_its_answer(self):
        send = f"chat/v1/rooms/{self.lobby}/send"
        out, _ = self.parley("alice", "pub", f"{send}/text/raw-1", "hello")
        self.assertIn("seq 2 fsynced", out)
        out, _ = self.parley("alice", "pub", f"{send}/json", '{"id":"raw-1","text":{"text":"hello"}}', "--json")
        ack = json.loads(out)["message"]
        self.assertEqual((ack["seq"], ack["duplicate"]), ("2", True))
        out, _ = self.parley("carol", "pub", f"{send}/text", "let me in", code=DENIED)
        self.assertIn("PERMISSION_DENIED", out)
        self.parley("alice", "pub", "chat/v1/rooms/nowhere/send/text", "x", code=NOT_FOUND)
        out, _ = self.parley("alice", "pub", "chat/v1/requests/history.page/json",
                             json.dumps({"requestId": "r1", "room": self.lobby}), "--json")
        self.assertEqual(json.loads(out)["message"]["head"], "2")
        out, _ = self.admin_parley("pub", "$CONTROL/parley/v1", '{"commands":[{"command":"listUsers"}]}')
        self.assertIn("alice", out)

    def test_a_refused_filter_is_one_line(self):
        _, err = self.parley("carol", "sub", f"chat/v1/rooms/{self.lobby}/events/json", code=DENIED)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_sub_goes_on_after_a_restart_of_the_broker(self):
        topic = f"plain/{new_id()}"
        sub = self.sub("bob", topic)
        self.broker.kill9()
        self.broker.start_broker()
        self.parley("alice", "pub", topic, "kept", "--retain")
        sub.wait_for(lambda p: f"{topic} (retained) kept" in p.read()[0] or f"{topic} kept" in p.read()[0], 60)
        self.parley("alice", "pub", topic, "--empty", "--retain")


if __name__ == "__main__":
    main()
