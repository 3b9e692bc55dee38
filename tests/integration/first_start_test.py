"""What the first start makes, and how a bad configuration or data folder is refused."""
import contextlib
import os
import re
import stat
import subprocess
import unittest

from tests.support.broker import BUILD, ROOT, Broker, StartFailed
from tests.support.client import Client
from tests.support.parley_test import main
from tests.support.waiting import wait_until


def listened_on(pid):
    """(address as /proc shows it, port) of each TCP socket that this process listens on, sorted."""
    own, found = set(), []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            own.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    for table in ("tcp", "tcp6"):
        with open(f"/proc/self/net/{table}", encoding="ascii") as lines:
            for columns in map(str.split, list(lines)[1:]):
                if columns[3] == "0A" and f"socket:[{columns[9]}]" in own:
                    address, port = columns[1].split(":")
                    found.append((address, int(port, 16)))
    return sorted(found)


class FirstStart(unittest.TestCase):
    def broker(self, **options):
        broker = Broker(**options)
        self.addCleanup(broker.close)
        return broker

    def refused(self, broker):
        """Starts it, expects it to end by itself with an error, and returns its log."""
        with self.assertRaises(StartFailed) as caught:
            broker.start()
        self.assertIsNotNone(caught.exception.code, "it must end by itself")
        self.assertGreater(caught.exception.code, 0, f"no crash and no success:\n{caught.exception.log}")
        return caught.exception.log

    def test_credentials_are_made_once_and_are_private(self):
        broker = self.broker().start()
        seen = {}
        for who in ("admin", "bridge"):
            path = os.path.join(broker.data, f"{who}.credentials")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path, encoding="utf-8") as file:
                seen[who] = file.read()
            lines = seen[who].splitlines()
            self.assertEqual([line.split("=")[0] for line in lines], ["username", "password"])
            self.assertGreaterEqual(len(lines[1]), len("password=") + 16)
        self.assertNotEqual(seen["admin"].splitlines()[1], seen["bridge"].splitlines()[1])
        self.assertIn("admin.credentials", broker.log(), "it says where they are")
        broker.restart()
        for who, content in seen.items():
            with open(os.path.join(broker.data, f"{who}.credentials"), encoding="utf-8") as file:
                self.assertEqual(file.read(), content)
        admin = Client(broker, *broker.credentials()).connect()
        admin.close()

    def test_the_password_of_the_administrator_is_not_logged(self):
        broker = self.broker().start()
        self.assertNotIn(broker.credentials()[1], broker.log())

    def test_store_and_journal_are_private(self):
        broker = self.broker().start()
        for folder in ("store", "journal"):
            for path, _, names in os.walk(os.path.join(broker.data, folder)):
                for name in names:
                    mode = stat.S_IMODE(os.stat(os.path.join(path, name)).st_mode)
                    self.assertEqual(mode & 0o077, 0, f"{path}/{name} is {mode:o}")

    def test_the_plugin_exports_its_three_entry_points_only(self):
        done = subprocess.run(["nm", "-D", "--defined-only", os.path.join(BUILD, "broker-plugin/parley_plugin.so")],
                              stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        names = sorted(line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line.split()[1] != "A")
        self.assertEqual(names, ["mosquitto_plugin_cleanup", "mosquitto_plugin_init", "mosquitto_plugin_version"])

    def test_per_listener_settings_are_refused(self):
        broker = self.broker()
        path = os.path.join(broker.folder, "mosquitto.conf")
        with open(broker.configuration, encoding="utf-8") as source, open(path, "w", encoding="utf-8") as target:
            target.write(source.read().replace("per_listener_settings false", "per_listener_settings true"))
        broker.configuration = path
        self.assertIn("per_listener_settings", self.refused(broker))

    def test_bad_options_are_named(self):
        for line in ("plugin_opt_parley_journal_mib 0", "plugin_opt_parley_journal_mib many",
                     "plugin_opt_parley_journal_mib -5", "plugin_opt_parley_journal_mib 99999999999999999999",
                     "plugin_opt_parley_other_topics perhaps", "plugin_opt_parley_doorbell nowhere",
                     "plugin_opt_parley_nonsense 1"):
            with self.subTest(line):
                log = self.refused(self.broker(plugin_options=[line]))
                self.assertIn(line.split()[0].removeprefix("plugin_opt_"), log)

    def test_the_shipped_configuration_names_every_option(self):
        with open(os.path.join(ROOT, "broker-plugin/app/plugin_options.cc"), encoding="utf-8") as source:
            known = set(re.findall(r'name == "(parley_\w+)"', source.read()))
        with open(os.path.join(ROOT, "mosquitto.conf"), encoding="utf-8") as file:
            named = set(re.findall(r"^#?plugin_opt_(parley_\w+)", file.read(), re.MULTILINE))
        self.assertGreater(len(known), 5)
        self.assertEqual(named, known)

    def test_loopback_listeners_are_not_paced_and_it_says_so(self):
        with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
            paces = file.read().startswith("bbr")
        line = "TCP does not pace the connections to 2 loopback listener(s)"
        broker = self.broker().start()
        admin = Client(broker, *broker.credentials()).connect()
        self.addCleanup(admin.close)
        wait_until(lambda: admin.control({"command": "stats"})[0]["data"]["coalescing"], 10, "the doorbell")
        self.assertEqual(line in broker.log(), paces, broker.log())

    def test_no_listener_of_the_shipped_configuration_is_open_to_the_network(self):
        broker = self.broker().start()
        found = wait_until(lambda: (own := listened_on(broker.broker.process.pid)) and len(own) == 2 and own, 10,
                           "both listeners")
        self.assertEqual(found, sorted(("0100007F", port) for port in (broker.port, broker.ws_port)))

    def test_a_missing_data_option_is_named(self):
        broker = self.broker()
        original = broker.write_configuration

        def without_data():
            original()
            path = os.path.join(broker.data, "mosquitto.conf")
            with open(path, encoding="utf-8") as file:
                lines = [line for line in file if not line.startswith("plugin_opt_parley_data")]
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(lines)
        broker.write_configuration = without_data
        self.assertIn("parley_data", self.refused(broker))

    def test_a_data_folder_that_is_a_file_is_refused(self):
        broker = self.broker()
        path = os.path.join(broker.folder, "a-file")
        with open(path, "w", encoding="utf-8"):
            pass
        broker.plugin_options = [f"plugin_opt_parley_journal {path}"]
        self.assertIn(path, self.refused(broker))

    def test_a_store_that_is_something_else_is_refused(self):
        broker = self.broker()
        store = os.path.join(broker.data, "store")
        with open(store, "w", encoding="utf-8") as file:
            file.write("not a store")
        self.assertIn("store", self.refused(broker))
        with open(store, encoding="utf-8") as file:
            self.assertEqual(file.read(), "not a store", "it is left alone")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere; scripts_test.py does this as another user")
    def test_an_unwritable_data_folder_is_refused(self):
        broker = self.broker()
        os.chmod(broker.data, 0o500)
        self.addCleanup(os.chmod, broker.data, 0o700)
        self.assertIn(broker.data, self.refused(broker))

    def test_a_second_broker_on_the_same_data_is_refused(self):
        first = self.broker().start()
        second = self.broker()
        second.plugin_options = []
        original = second.write_configuration

        def on_the_first_ones_data():
            original()
            path = os.path.join(second.data, "mosquitto.conf")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(f"plugin_opt_parley_data {second.data}", f"plugin_opt_parley_data {first.data}"))
        second.write_configuration = on_the_first_ones_data
        log = self.refused(second)
        self.assertIn(first.data, log)
        admin = Client(first, *first.credentials()).connect()
        admin.close()


if __name__ == "__main__":
    main()
