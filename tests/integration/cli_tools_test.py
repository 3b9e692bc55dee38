"""`parley bench`, `doctor`, `completion` and `manual`: against a real broker, a real data folder, a real bash."""
import json
import os
import re
import shutil
import subprocess
import unittest

from tests.support.broker import CLI
from tests.support.cli_test import DENIED, CliTest
from tests.support.parley_test import main
from tests.support.waiting import free_port


class Bench(CliTest):

    def test_it_measures_what_was_stored_and_delivered(self):
        other = self.room({"alice": "owner"})
        out, _ = self.parley("alice", "bench", self.lobby, other, "--publishers", "3", "--subscribers", "3",
                             "--duration", "1", "--json")
        result = json.loads(out)
        stored = 0
        for room in (self.lobby, other):
            stored += len(self.parley("alice", "history", room, "--all", "--json")[0].splitlines()) - 1
        self.assertGreater(result["acked"], 0)
        self.assertEqual((result["acked"], result["refused"], result["noAck"], result["missing"]),
                         (stored, 0, 0, 0))
        self.assertEqual(result["ackMs"]["count"], result["acked"])
        self.assertEqual(result["deliveryMs"]["count"], result["delivered"])
        self.assertLessEqual(result["ackMs"]["p50"], result["ackMs"]["p99"])

    def test_a_rate_is_kept(self):
        out, _ = self.parley("alice", "bench", self.lobby, "--rate", "50", "--duration", "1")
        self.assertIn("acknowledged  50 in", out)
        self.assertIn("delivered     50", out)

    def test_a_room_that_one_may_not_use_fails(self):
        self.parley("carol", "bench", self.lobby, "--duration", "1", code=DENIED)


class Doctor(CliTest):

    def doctor(self, *arguments, code=0):
        out, _ = self.parley(None, "doctor", "--json", *arguments, code=code)
        return {finding["subject"]: finding for finding in self.json_lines(out)}

    def configuration(self, *changes):
        """A copy of the broker's, with lines replaced: (old, new) pairs; a path."""
        with open(os.path.join(self.broker.data, "mosquitto.conf"), encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = os.path.join(self.home, "mosquitto.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_the_shipped_configuration_and_a_fresh_folder_are_well(self):
        findings = self.doctor("--config", os.path.join(self.broker.data, "mosquitto.conf"), "--http-port",
                               str(self.broker.http_port))
        wrong = [finding for finding in findings.values() if finding["level"] == "problem"]
        self.assertEqual(wrong, [])
        for subject in (f"listener 127.0.0.1:{self.broker.port}", "per_listener_settings", "max_queued_messages",
                        f"bridge http://127.0.0.1:{self.broker.http_port}/ready",
                        os.path.join(self.broker.data, "admin.credentials")):
            self.assertEqual(findings[subject]["level"], "ok", findings[subject])

    def test_each_setting_that_breaks_parley_is_a_problem(self):
        for subject, old, new in (
                ("per_listener_settings", "per_listener_settings false", "per_listener_settings true"),
                ("max_queued_messages", "max_queued_messages 5000", "max_queued_messages 0"),
                ("message_size_limit", "max_packet_size 1048576", "max_packet_size 1048576\nmessage_size_limit 1000"),
                ("max_packet_size", "max_packet_size 1048576", "max_packet_size 1000"),
                ("plugin_opt_parley_journal_mib", "parley_journal_mib 64", "parley_journal_mib 1"),
                ("plugin_opt_parley_jurnal_mib", "parley_journal_mib 64", "parley_jurnal_mib 64")):
            with self.subTest(subject):
                findings = self.doctor("--config", self.configuration((old, new)), code=1)
                self.assertEqual(findings[subject]["level"], "problem", findings[subject])
                self.assertEqual([f for f in findings.values() if f["level"] == "problem"], [findings[subject]])

    def test_what_is_merely_bad_is_a_warning(self):
        findings = self.doctor("--config", self.configuration(
            ("autosave_interval 0", "autosave_interval 60"), ("allow_anonymous false", "allow_anonymous true"),
            ("set_tcp_nodelay true", "")))
        for subject in ("autosave_interval", "allow_anonymous", "set_tcp_nodelay"):
            self.assertEqual(findings[subject]["level"], "warning", findings[subject])

    def test_files_that_others_may_read_are_a_problem(self):
        data = os.path.join(self.home, "data")
        os.makedirs(os.path.join(data, "store"))
        path = os.path.join(data, "admin.credentials")
        with open(path, "w", encoding="utf-8") as file:
            file.write("username=admin\n")
        os.chmod(path, 0o644)
        configuration = os.path.join(self.broker.data, "mosquitto.conf")
        findings = self.doctor("--config", configuration, "--data", data, code=1)
        self.assertEqual(findings[path]["level"], "problem")
        self.assertIn("chmod 0600", findings[path]["text"])
        os.chmod(path, 0o600)
        self.assertEqual(self.doctor("--config", configuration, "--data", data)[path]["level"], "ok")

    def test_a_plugin_that_cannot_be_loaded(self):
        with open(os.path.join(self.broker.data, "mosquitto.conf"), encoding="utf-8") as file:
            line = next(line for line in file if line.startswith("plugin ")).strip()
        path = os.path.join(self.home, "parley_plugin.so")
        findings = self.doctor("--config", self.configuration((line, f"plugin {path}")), code=1)
        self.assertEqual(findings[path]["level"], "problem")
        with open(path, "w", encoding="utf-8") as file:
            file.write("not a library")
        self.assertEqual(self.doctor("--config", os.path.join(self.home, "mosquitto.conf"), code=1)[path]["level"],
                         "problem")

    def test_without_a_broker_and_without_a_configuration(self):
        out, _ = self.parley(None, "doctor", "--config", "/no/such.conf", "--http-port", str(free_port()), code=1)
        self.assertIn("/no/such.conf", out)
        self.assertIn("--config", out)


class Shells(CliTest):

    def complete(self, *words):
        """What bash would offer for the last of the words."""
        script = ('source <("$0" completion bash); complete -p parley >/dev/null || exit 1\n'
                  'COMP_WORDS=(parley "$@"); COMP_CWORD=$(($#)); _parley; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, CLI, *words], stdout=subprocess.PIPE, timeout=30, check=True)
        return done.stdout.decode().split()

    def test_bash_completes_commands_subcommands_options_and_files(self):
        self.assertEqual(self.complete("ch"), ["chat"])
        self.assertEqual(self.complete("--port", "1883", "his"), ["history"])
        self.assertEqual(self.complete("admin", "create-"), ["create-user", "create-role", "create-room"])
        self.assertEqual(self.complete("tail", "--res"), ["--resume"])
        self.assertEqual(self.complete("rooms", "create", "x", "--ret"), ["--retention-days"])
        self.assertEqual(self.complete("tail", "--caf"), ["--cafile"])
        self.assertIn("/etc/passwd", self.complete("send", "lobby", "--from-file", "/etc/passw"))
        self.assertEqual(self.complete("send", "lobby", "--qos", ""), [])

    def test_every_command_of_the_help_is_completed(self):
        listed = [line.split()[0] for line in self.parley(None, "--help")[0].splitlines()
                  if line.startswith("  ") and not line.startswith("  parley")]
        self.assertGreater(len(listed), 10)
        self.assertLessEqual(set(listed), set(self.complete("")))

    def test_other_shells_accept_their_script(self):
        for shell in ("bash", "zsh", "fish"):
            script, _ = self.parley(None, "completion", shell)
            self.assertIn("retention-days", script)
            if shutil.which(shell):  # those that are not here are read by no one
                subprocess.run([shell, "-n"], input=script.encode(), timeout=30, check=True)

    @unittest.skipUnless(shutil.which("groff"), "groff reads the manual")
    def test_the_manual_is_clean_roff(self):
        page, _ = self.parley(None, "manual")
        self.assertTrue(page.isascii())
        done = subprocess.run(["groff", "-ww", "-man", "-Tutf8"], input=page.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=True)
        self.assertEqual(done.stderr, b"")
        text = re.sub(".\b", "", done.stdout.decode())  # bold is written twice
        for word in ("chat", "retention-days", "PARLEY_CAFILE", "explain USER TOPIC"):
            self.assertIn(word, text, word)


if __name__ == "__main__":
    main()
