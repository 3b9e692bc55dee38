"""The command line over TLS: a throw-away authority, a real listener, client certificates."""
import json
import os
import shutil
import subprocess
import tempfile

from tests.support.authority import Authority
from tests.support.broker import CLI
from tests.support.cli_test import NOT_FOUND, UNAVAILABLE, USAGE, CliTest
from tests.support.parley_test import main
from tests.support.waiting import free_port


class Tls(CliTest):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="parley-tls-")
        os.chmod(folder, 0o755)
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.authority = Authority(os.path.join(folder, "ca"))
        cls.stranger = Authority(os.path.join(folder, "stranger"), "another authority")
        certificate, key = cls.authority.issue("broker", "IP:127.0.0.1,DNS:localhost")
        cls.tls_port, cls.certificate_port = free_port(), free_port()
        files = (f"cafile {cls.authority.certificate}", f"certfile {certificate}", f"keyfile {key}")
        cls.OPTIONS = (f"listener {cls.tls_port} 0.0.0.0", *files,
                       f"listener {cls.certificate_port} 127.0.0.1", *files, "require_certificate true",
                       "use_identity_as_username true")
        super().setUpClass()

    def tls(self, *arguments, port=None):
        return ("--port", str(port or self.tls_port), "--cafile", self.authority.certificate, *arguments)

    def test_every_kind_of_command_works_over_tls(self):
        out, _ = self.parley("alice", *self.tls("send", self.lobby, "over TLS", "--json"))
        self.assertEqual(json.loads(out)["code"], "OK")
        out, _ = self.parley("bob", *self.tls("--host", "localhost", "history", self.lobby))
        self.assertIn("over TLS", out)
        out, _ = self.parley("bob", *self.tls("chat", self.lobby), stdin=b"me too\n")
        self.assertIn("[stored as #3]", out)
        out, _ = self.parley("bob", *self.tls("pub", f"chat/v1/rooms/{self.lobby}/send/text", "raw"))
        self.assertIn("seq 4", out)
        self.assertIn(self.lobby, self.parley("bob", *self.tls("rooms"))[0])

    def test_settings_and_environment_name_the_files_too(self):
        path = os.path.join(self.home, "settings")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"port={self.tls_port}\nuser=alice\npassword=pw-alice\ntls=true\n"
                       f"cafile={self.authority.certificate}\n")
        environment = self.environment()
        del environment["PARLEY_PORT"]
        for extra, arguments in (({}, ["--config", path]),
                                 ({"PARLEY_TLS": "1", "PARLEY_CAFILE": self.authority.certificate,
                                   "PARLEY_PORT": str(self.tls_port), "PARLEY_USER": "alice",
                                   "PARLEY_PASSWORD": "pw-alice"}, [])):
            done = subprocess.run([CLI, *arguments, "rooms"], env=dict(environment, **extra), timeout=60, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(self.lobby.encode(), done.stdout)

    def test_a_broker_that_nobody_vouches_for_is_refused(self):
        for arguments in (("--port", str(self.tls_port), "--cafile", self.stranger.certificate),
                          ("--port", str(self.tls_port), "--tls"),
                          self.tls("--host", "127.0.0.2")):  # not a name of the certificate
            with self.subTest(arguments):
                _, err = self.parley("alice", *arguments, "--connect-timeout", "1", "rooms", code=UNAVAILABLE)
                self.assertIn("--cafile", err)
                self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_plain_and_tls_do_not_meet(self):
        self.parley("alice", "--port", str(self.tls_port), "--connect-timeout", "1", "rooms", code=UNAVAILABLE)
        self.parley("alice", *self.tls("--connect-timeout", "1", "rooms", port=self.broker.port), code=UNAVAILABLE)

    def test_a_file_that_is_not_there_is_named(self):
        _, err = self.parley("alice", "--cafile", "/no/such/file", "rooms", code=NOT_FOUND)
        self.assertIn("/no/such/file", err)
        self.parley("alice", *self.tls("--cert", self.authority.certificate, "rooms"), code=65)

    def test_a_certificate_logs_in_without_a_password(self):
        certificate, key = self.authority.issue("alice")
        self.parley(None, *self.tls("login", "--user", "alice", "--cert", certificate, "--key", key,
                                    port=self.certificate_port))
        with open(os.path.join(self.home, ".config/parley/config"), encoding="utf-8") as file:
            settings = file.read()
        self.assertIn(f"cert={certificate}\n", settings)
        self.assertNotIn("password", settings)
        foreign, foreign_key = self.stranger.issue("alice")
        for arguments in (("--cert", foreign, "--key", foreign_key), ()):
            self.parley("alice", *self.tls("--config", "/dev/null", "--connect-timeout", "1", "rooms", *arguments, port=self.certificate_port),
                        code=UNAVAILABLE)

    def test_a_switch_takes_true_or_false(self):
        done = subprocess.run([CLI, "rooms"], env=dict(self.environment("alice"), PARLEY_TLS="maybe"), timeout=30,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertIn(b"PARLEY_TLS", done.stderr)
        self.assertNotEqual(done.returncode, 0)
        self.parley("alice", "--tls=maybe", "rooms", code=USAGE)


if __name__ == "__main__":
    main()
