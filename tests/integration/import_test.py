#!/usr/bin/python3
"""parley admin import: what Mosquitto decides by acl_file and password_file, Parley decides the same way after it."""
import os
import random
import shutil
import subprocess

from tests.support.broker import CLI, Daemon, mosquitto_program, temporary_folder
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import Refused, Session
from tests.support.waiting import free_port, wait_until

LEVELS = ("a", "b", "c", "u1", "c-u1", "")
USERS = ("u1", "u2", "u3")


class ImportTest(ParleyTest):
    USERS = ("someone",)

    def setUp(self):
        self.folder = temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def passwords(self, users):
        path = self.write("passwords", "")
        for user in users:
            subprocess.run(["mosquitto_passwd", "-b", path, user, f"pw-{user}"], check=True, timeout=10)
        os.chmod(path, 0o644)
        return path

    def run_import(self, *words, expect=0):
        run = subprocess.run([CLI, "--config", os.path.join(self.broker.data, "admin.credentials"), "--port",
                              str(self.broker.port), "admin", "import", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def bare_broker(self, rules, passwords):
        """A stock Mosquitto with these files; its port."""
        port = free_port()
        path = self.write("bare.conf", f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
                                       f"acl_file {rules}\nuser root\n")
        bare = Daemon("mosquitto", os.path.join(self.folder, "bare.log"))
        bare.start(mosquitto_program(), "-c", path)
        self.addCleanup(bare.stop)

        def answers():
            try:
                Session(port, "u1", "pw-u1", "probe").disconnect()
                return True
            except OSError:
                return False
        bare.wait_ready(answers)
        return port

    def clear(self):
        with self.make_admin() as boss:
            for user in boss.command("listUsers")["users"]:
                if user["username"] not in ("admin", "bridge", "someone"):
                    boss.command("deleteUser", username=user["username"])
            for acl in boss.command("getRole", role="everyone")["acls"]:
                boss.command("removeRoleAcl", role="everyone", acltype=acl["acltype"], topic=acl["topic"])

    def random_rules(self, dice):
        def any_filter(pattern):
            levels = [dice.choice(LEVELS + (("%u", "%c", "c-%u") if pattern else ()) + ("+",))
                      for _ in range(dice.randint(1, 3))]
            if dice.random() < 0.3:
                levels[-1] = "#"
            return "/".join(levels)
        lines = []
        for user in (None, "u1", "u2", "u1"):
            lines += [f"user {user}"] if user else ["# a comment", "topic read anonymous/#"]
            for _ in range(dice.randint(1, 4) if user else 0):
                lines.append(f"topic {dice.choice(('read ', 'write ', 'readwrite ', 'deny ', ''))}{any_filter(False) or 'x'}")
        for _ in range(dice.randint(0, 4)):
            lines.append(f"pattern {dice.choice(('read', 'write', 'readwrite', 'deny'))} {any_filter(True) or 'x'}")
        return "\n".join(line for line in lines if not line.endswith(" ")) + "\n"

    def answers(self, port, dice, questions):
        """What a broker decides: for each question whether the message arrives, for each user."""
        decided = []
        sessions = {user: self.login(user, f"pw-{user}", port, f"c-{user}", version=5) for user in USERS}
        for user, topic in questions:
            decided.append(sessions[user].publish_acknowledged(topic, "x") < 0x80)
        for session in sessions.values():
            session.disconnect()
        return decided

    def test_mosquitto_and_parley_decide_the_same(self):
        seed = int(os.environ.get("PARLEY_TEST_SEED", random.randrange(1 << 32)))
        print(f"PARLEY_TEST_SEED={seed}")
        dice = random.Random(seed)
        compared = differing = 0
        passwords = self.passwords(USERS)
        for _ in range(4):
            text = self.random_rules(dice)
            rules = self.write("rules", text)
            port = self.bare_broker(rules, passwords)
            self.clear()
            self.run_import("--acl-file", rules, "--password-file", passwords)
            topics = {"/".join(dice.choice(LEVELS) for _ in range(dice.randint(1, 3))) or "x" for _ in range(40)}
            questions = [(user, topic) for user in USERS for topic in sorted(topics)]
            theirs, ours = self.answers(port, dice, questions), self.answers(self.broker.port, dice, questions)
            for question, a, b in zip(questions, theirs, ours):
                self.assertEqual(a, b, f"publish {question}, Mosquitto says {a}, seed {seed}\n{text}")
            compared += len(questions)
            differing += len(set(theirs))
            # Receiving, as explainAccess tells it, against messages that really arrive at the stock broker.
            allowed = self.received(port, topics, rules, passwords)
            with self.make_admin() as boss:
                asked = [(user, topic) for user in USERS for topic in sorted(topics)]
                answers = boss.control(*[{"command": "explainAccess", "username": user, "client": f"c-{user}", "topic": topic,
                                          "access": "receive"} for user, topic in asked])
            for question, answer in zip(asked, answers):
                self.assertEqual(answer["data"]["allowed"], question in allowed,
                                 f"receive {question}: {answer}, seed {seed}\n{text}")
            compared += len(asked)
        self.assertGreater(compared, 500)
        self.assertGreater(differing, 4, "the rules allow some and deny some")

    def received(self, port, topics, rules, passwords):
        """{(user, topic)} that arrive at a stock broker, when someone who may writes to all topics."""
        with open(rules, encoding="utf-8") as file:
            text = file.read()
        writer_rules = self.write("rules-w", text + "user writer\ntopic write #\n")
        all_passwords = os.path.join(self.folder, "passwords-w")
        shutil.copy(passwords, all_passwords)
        subprocess.run(["mosquitto_passwd", "-b", all_passwords, "writer", "pw-writer"], check=True, timeout=10)
        os.chmod(all_passwords, 0o644)
        port = self.bare_broker(writer_rules, all_passwords)
        sessions = {user: Session(port, user, f"pw-{user}", f"c-{user}") for user in USERS}
        for session in sessions.values():
            session.subscribe("#", 0)  # what is queued for QoS 1 would come after the PINGRESP
        with Session(port, "writer", "pw-writer", "c-writer") as writer:
            for topic in topics:
                writer.publish_acknowledged(topic, "x", qos=2)
        found = set()
        for user, session in sessions.items():
            session.send(b"\xc0\x00")  # PINGREQ: what was routed before comes before its answer
            while True:
                packet = session.read(10)
                self.assertIsNotNone(packet, "PINGRESP")
                if packet[0] == 13:
                    break
                session.handle(packet)
            found |= {(user, topic) for topic, *_ in session.inbox}
            session.disconnect()
        return found

    def test_passwords_go_on_and_get_a_better_hash_at_the_first_good_login(self):
        self.clear()
        self.run_import("--password-file", self.passwords(("u1",)))
        with self.assertRaises(Refused):
            self.login("u1", "wrong")
        self.login("u1", "pw-u1").disconnect()
        with self.login("u1", "pw-u1", client_id="stays") as session:
            self.login("u1", "pw-u1").disconnect()
            session.publish_acknowledged("chat/v1/requests/x/json", "{}")  # the better hash ends no session
        self.broker.restart()
        with self.assertRaises(Refused):
            self.login("u1", "wrong")
        self.login("u1", "pw-u1").disconnect()

    def login(self, user, password, port=None, client_id=None, **options):
        """Again while it is closed without a CONNACK (the verdict waits for the retry)."""
        def attempt():
            try:
                return Session(port or self.broker.port, user, password, client_id or f"{user}-login", **options)
            except Refused as refused:
                if refused.code is not None:
                    raise
                return None
        return wait_until(attempt, 20, "a verdict")

    def test_a_dry_run_changes_nothing_and_says_what_cannot_be_carried_over(self):
        self.clear()
        rules = self.write("rules", "topic read all/#\nuser Big\ntopic a\nuser u1\ntopic read $SYS/#\ntopic write a/%u\n"
                                    "topic readwrite chat/v1/#\ntopic write ok/#\npattern write own/%u\n")
        passwords = self.passwords(("u1", "Big"))
        said = self.run_import("--dry-run", "--acl-file", rules, "--password-file", passwords)
        for expected in ("acl_file line 1: it is for clients without a user name", "user Big: a user name is", "$SYS",
                         "%u and %c stand for themselves", "chat/v1 is decided by room membership",
                         "would: make the user u1 with its password", "would: allow u1 to publish ok/#",
                         "would: allow everybody to publish own/%u"):
            self.assertIn(expected, said)
        with self.make_admin() as boss:
            self.assertEqual({user["username"] for user in boss.command("listUsers")["users"]}, {"admin", "bridge", "someone"})
            self.assertEqual(boss.command("getRole", role="everyone")["acls"], [])

    def test_a_second_import_leaves_all_as_it_is(self):
        self.clear()
        rules = self.write("rules", "user u1\ntopic write a\n")
        passwords = self.passwords(("u1",))
        self.run_import("--acl-file", rules, "--password-file", passwords)
        said = self.run_import("--acl-file", rules, "--password-file", passwords)
        self.assertIn("stays as it is: make the user u1", said)
        self.assertNotIn("done:", said)

    def test_broken_files_get_one_line_that_names_the_place(self):
        for text, expected in (("user\n", "line 1"), ("user a\ntopic\n", "line 2"), ("topic see a\n", "line 1"),
                               ("user a\ntopic read a#\n", "line 2"), ("hello\n", "line 1")):
            said = self.run_import("--acl-file", self.write("rules", text), expect=65)
            self.assertIn(expected, said)
        self.assertIn("--acl-file", self.run_import(expect=64))

    def run_cli(self, *words, expect=0):
        run = subprocess.run([CLI, "--config", os.path.join(self.broker.data, "admin.credentials"), "--port",
                              str(self.broker.port), *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        return run.stdout

    def test_the_command_line_makes_rules_and_bindings_and_explains(self):
        room = self.room({"someone": "owner"})
        self.run_cli("admin", "add-role-acl", "everyone", "publish", "cli/%u/#", "--priority", "4")
        self.run_cli("admin", "add-role-acl", "everyone", "publish", "cli/+/no", "--deny", "--priority", "5")
        self.run_cli("admin", "bind-topic", "cli/#", room, "--content-type", "text/plain")
        self.assertIn("allow publish cli/%u/#", self.run_cli("access", "explain", "someone", "cli/someone/t"))
        said = self.run_cli("access", "explain", "someone", "cli/someone/no", "--access", "publish", expect=77)
        self.assertIn("deny publish cli/+/no", said)
        with self.make_admin() as boss:
            self.assertIn({"filter": "cli/#", "room": room, "content_type": "text/plain"},
                          boss.command("listBindings")["bindings"])
            boss.command("unbindTopic", filter="cli/#", room=room)

    def test_bad_hashes_are_refused(self):
        with self.make_admin() as boss:
            for bad in ("$7$x", "plain", "$7$101$!!$!!", "$5$a$b", "$7$999999$" + "A" * 16 + "$" + "A" * 86 + "=="):
                answer = boss.control({"command": "createUser", "username": "u9", "passwordHash": bad})[0]
                self.assertEqual(answer["code"], "INVALID_ARGUMENT", bad)


if __name__ == "__main__":
    main()
