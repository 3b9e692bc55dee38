"""scripts/up and scripts/down: the first ten minutes of whoever tries this, and every way they can go wrong."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from tests.support.broker import ROOT, temporary_folder
from tests.support.client import Client
from tests.support.parley_test import main
from tests.support.waiting import free_port, wait_until


class At:
    """What Client needs to know of a broker."""

    def __init__(self, port):
        self.port = port


def processes_of(data):
    """pid → program of the daemons that were started for this data folder."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                words = file.read().split("\0")
        except OSError:
            continue
        if data in words or f"{data}/mosquitto.conf" in words:
            program = os.path.basename(words[0])
            if program in ("mosquitto", "parley-bridge"):
                found[int(pid)] = program
    return found


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What is slow on the first run only is not measured here.
        subprocess.run(["bash", "-c", "source scripts/lib/common.sh; source scripts/lib/packages.sh; "
                        "source scripts/lib/build.sh; install_packages run build; build_preset release"],
                       cwd=ROOT, check=True, timeout=900, stdin=subprocess.DEVNULL)

    def setUp(self):
        self.folder = temporary_folder()
        self.data = os.path.join(self.folder, "data")
        self.ports = [free_port(), free_port(), free_port()]
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.down)

    def command(self, *arguments, data=None):
        port, ws_port, http_port = map(str, self.ports)
        return [os.path.join(ROOT, "scripts/up"), "--port", port, "--ws-port", ws_port, "--http-port", http_port,
                "--data", data or self.data, *arguments]

    def up(self, *arguments, data=None, timeout=60, prefix=()):
        """Reads its output to the end of file, which also proves that no daemon holds on to it."""
        return subprocess.run([*prefix, *self.command(*arguments, data=data)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)

    def down(self, data=None):
        return subprocess.run([os.path.join(ROOT, "scripts/down"), "--data", data or self.data],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60)

    def assert_up(self, done):
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(sorted(processes_of(self.data).values()), ["mosquitto", "parley-bridge"])

    def assert_refused(self, done, *words, data=None):
        """Non-zero, says these words, and leaves nothing running."""
        self.assertNotEqual(done.returncode, 0, done.stdout)
        for word in words:
            self.assertIn(word, done.stdout)
        self.assertLess(len(done.stdout.splitlines()), 8, "one clear line, and at most the daemon's own")
        self.assertEqual(processes_of(data or self.data), {})

    def test_up_demo_down(self):
        done = self.up("--detach")
        self.assert_up(done)
        for word in ("FOR TRYING OUT ONLY", "mosquitto_sub", "mosquitto_pub", "parley", "scripts/down"):
            self.assertIn(word, done.stdout)
        bob, alice = [Client(At(self.ports[0]), user, user).connect() for user in ("bob", "alice")]
        bob.subscribe("chat/v1/rooms/lobby/events/json")
        bob.wait_event(alice.send("lobby", "hello"))
        self.assertEqual(alice.request("history.page", room="lobby")["code"], "OK")
        alice.close()
        bob.close()
        self.assertEqual(self.down().returncode, 0)
        self.assertEqual(processes_of(self.data), {})
        start = time.monotonic()
        self.assert_up(self.up("--detach"))
        self.assertLess(time.monotonic() - start, 3, "nothing has changed")
        self.assertEqual(self.down().returncode, 0)

    def test_what_up_prints_works_as_printed(self):
        done = self.up("--detach")
        self.assert_up(done)
        line = next(line for line in done.stdout.splitlines() if "mosquitto_pub" in line)
        bob = Client(At(self.ports[0]), "bob", "bob").connect()
        bob.subscribe("chat/v1/rooms/lobby/events/json")
        subprocess.run(line.split(), check=True, timeout=20, stdin=subprocess.DEVNULL)
        bob.wait(lambda: any(e.get("text", {}).get("text") == "hello" for e in bob.seen()))
        line = next(line for line in done.stdout.splitlines() if "client/parley" in line and " send " in line)
        subprocess.run(line, shell=True, check=True, timeout=20, stdin=subprocess.DEVNULL, cwd=ROOT)
        bob.wait(lambda: any(e.get("text", {}).get("text") == "hello, world" for e in bob.seen()))
        bob.close()

    def test_no_demo_makes_no_users(self):
        done = self.up("--detach", "--no-demo")
        self.assert_up(done)
        self.assertNotIn("TRYING OUT", done.stdout)
        with self.assertRaises(AssertionError):
            client = Client(At(self.ports[0]), "alice", "alice")
            self.addCleanup(client.close)
            client.connect()

    def test_a_second_up_on_the_same_data_is_told_so(self):
        self.assert_up(self.up("--detach", "--no-demo"))
        before = processes_of(self.data)
        self.ports = [free_port(), free_port(), free_port()]
        done = self.up("--detach")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("already running", done.stdout)
        self.assertIn("scripts/down", done.stdout)
        self.assertEqual(processes_of(self.data), before, "the running one is left alone")

    def test_ctrl_c_stops_all(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                process = subprocess.Popen(self.command("--no-demo"), stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                           start_new_session=True)
                output = []
                for line in process.stdout:
                    output.append(line)
                    if "Ctrl-C" in line:
                        break
                self.assertEqual(len(processes_of(self.data)), 2, output)
                os.killpg(process.pid, number)
                process.communicate(timeout=30)
                self.assertEqual(processes_of(self.data), {})

    def test_the_foreground_ends_when_the_broker_ends(self):
        process = subprocess.Popen(self.command("--no-demo"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        os.kill(next(pid for pid, name in processes_of(self.data).items() if name == "mosquitto"), signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("broker has ended", rest)
        self.assertEqual(processes_of(self.data), {})

    def test_up_again_after_kill_9(self):
        self.assert_up(self.up("--detach", "--no-demo"))
        for pid in processes_of(self.data):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not processes_of(self.data), what="both are gone")
        self.assert_up(self.up("--detach", "--no-demo"))

    def test_down_when_nothing_runs(self):
        self.assertEqual(self.down().returncode, 0)
        self.assertEqual(self.down(data="/no/such/folder").returncode, 0)

    def test_down_spares_a_process_that_only_has_the_pid(self):
        """A pid file that is left over may name anyone."""
        os.makedirs(os.path.join(self.data, "run"))
        innocent = subprocess.Popen(["sleep", "60"])
        self.addCleanup(innocent.wait, 10)
        self.addCleanup(innocent.kill)
        for name in ("mosquitto", "parley-bridge"):
            with open(os.path.join(self.data, "run", f"{name}.pid"), "w", encoding="utf-8") as file:
                file.write(str(innocent.pid))
        self.assertEqual(self.down().returncode, 0)
        self.assertIsNone(innocent.poll())

    def test_a_port_in_use_is_named_with_its_holder(self):
        for index, option in enumerate(("--port", "--ws-port", "--http-port")):
            with self.subTest(option), socket.socket() as holder:
                holder.bind(("127.0.0.1", 0))
                holder.listen()
                self.ports = [free_port(), free_port(), free_port()]
                self.ports[index] = holder.getsockname()[1]
                done = self.up("--detach")
                self.assert_refused(done, str(self.ports[index]), option, f"pid {os.getpid()}")

    def test_bad_arguments(self):
        for arguments in (("--port", "0"), ("--port", "65536"), ("--port", "x"), ("--port",), ("--nonsense",),
                          ("--data", ""), ("--http-port", str(self.ports[0]))):
            with self.subTest(arguments):
                self.assert_refused(self.up(*arguments, "--detach"), arguments[0])

    def test_a_foreign_folder_is_left_alone(self):
        os.makedirs(self.data)
        with open(os.path.join(self.data, "letters.txt"), "w", encoding="utf-8") as file:
            file.write("dear diary")
        self.assert_refused(self.up("--detach"), self.data)
        self.assertEqual(os.listdir(self.data), ["letters.txt"])

    def test_a_data_folder_that_is_a_file(self):
        with open(self.data, "w", encoding="utf-8"):
            pass
        self.assert_refused(self.up("--detach"), self.data)

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_an_unwritable_folder_for_a_user(self):
        nobody = pwd.getpwnam("nobody")
        prefix = ["setpriv", "--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups"]
        reach = subprocess.run([*prefix, "test", "-r", os.path.join(ROOT, "scripts/up")], check=False)
        if reach.returncode:
            self.skipTest("this checkout is not readable for others")
        self.assert_refused(self.up("--detach", prefix=prefix), self.data, "not writable")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_as_root_the_daemons_run_as_mosquitto(self):
        done = self.up("--detach", "--no-demo")
        self.assert_up(done)
        expected = "root" if "run as root" in done.stdout else "mosquitto"
        for pid in processes_of(self.data):
            self.assertEqual(pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name, expected)
        self.assertEqual(os.stat(self.data).st_mode & 0o007, 0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_a_folder_that_mosquitto_cannot_reach_makes_both_run_as_root(self):
        closed = tempfile.mkdtemp(prefix="parley-test-")  # 0700
        self.addCleanup(shutil.rmtree, closed, True)
        self.data = os.path.join(closed, "data")
        done = self.up("--detach", "--no-demo")
        self.assert_up(done)
        self.assertIn("run as root", done.stdout)
        for pid in processes_of(self.data):
            self.assertEqual(os.stat(f"/proc/{pid}").st_uid, 0)
        self.down()

    def configuration(self, change):
        path = os.path.join(self.folder, "my.conf")
        with open(os.path.join(ROOT, "mosquitto.conf"), encoding="utf-8") as source:
            text = source.read()
        with open(path, "w", encoding="utf-8") as target:
            target.write(change(text))
        os.chmod(path, 0o644)
        return path

    def test_a_broken_configuration_shows_the_brokers_own_error(self):
        path = self.configuration(lambda text: text + "\nno_such_setting true\n")
        self.assert_refused(self.up("--detach", "--config", path), "no_such_setting")

    def test_a_configuration_without_the_plugin_is_refused(self):
        path = self.configuration(lambda text: "\n".join(
            line for line in text.splitlines() if not line.startswith("plugin")))
        self.assert_refused(self.up("--detach", "--config", path), "parley_plugin.so", path)
        self.assert_refused(self.up("--detach", "--config", "/no/such/file"), "/no/such/file")

    def test_the_plugins_own_refusal_is_shown(self):
        path = self.configuration(lambda text: text.replace("per_listener_settings false",
                                                            "per_listener_settings true"))
        self.assert_refused(self.up("--detach", "--config", path), "per_listener_settings")

    def test_another_configuration_keeps_its_own_settings(self):
        path = self.configuration(lambda text: text + "\nmax_connections 77\nlistener %d 127.0.0.1\n" % free_port())
        self.assert_up(self.up("--detach", "--no-demo", "--config", path))
        with open(os.path.join(self.data, "mosquitto.conf"), encoding="utf-8") as file:
            written = file.read()
        self.assertIn("max_connections 77", written)
        self.assertEqual(written.count("\nlistener "), 3)


if __name__ == "__main__":
    main()
