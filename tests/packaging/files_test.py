"""The files of packaging/ agree with the program: metrics, options, settings, units."""
import json
import os
import re
import subprocess
import unittest

from tests.support.broker import BRIDGE, BUILD, ROOT
from tests.support.documented_metrics import documented_metrics

PACKAGING = os.path.join(ROOT, "packaging")
RULES = os.path.join(PACKAGING, "prometheus/parley.rules.yml")
# Made by the build, with its paths.
MADE = os.path.join(BUILD, "packaging")
NAME = re.compile(r"\b(?:parley|process)_[a-z_]+\b")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def names_on_the_page():
    """Documented names as they stand on a page: a histogram has three."""
    names = {"up"}
    for name, (kind, _) in documented_metrics().items():
        names |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


class Files(unittest.TestCase):
    def run_quietly(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_promtool_takes_the_rules_and_runs_their_tests(self):
        self.run_quietly("promtool", "check", "rules", RULES)
        self.run_quietly("promtool", "test", "rules", RULES.replace(".yml", ".test.yml"))

    def test_every_alert_has_a_test_in_which_it_fires(self):
        alerts = re.findall(r"- alert: (\w+)", read(RULES))
        fired = re.findall(r"alertname: (\w+)\n +exp_alerts:", read(RULES.replace(".yml", ".test.yml")))
        self.assertEqual(set(alerts), set(fired))
        self.assertEqual(len(alerts), len(set(alerts)))

    def test_the_rules_name_documented_metrics_only(self):
        expressions = re.findall(r"expr: (.*)", read(RULES))
        self.assertEqual(len(expressions), read(RULES).count("- alert: "))
        for expression in expressions:
            names = set(re.findall(r"\bup\b", expression)) | set(NAME.findall(expression))
            self.assertTrue(names, expression)
            self.assertLessEqual(names, names_on_the_page(), expression)

    def test_the_dashboard_names_documented_metrics_only(self):
        dashboard = json.loads(read(PACKAGING, "grafana/parley.json"))
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(panels), 10)
        known, used = names_on_the_page(), set()
        for panel in panels:
            self.assertTrue(panel["targets"], panel["title"])
            for target in panel["targets"]:
                names = set(NAME.findall(target["expr"]))
                self.assertTrue(names, target["expr"])
                self.assertLessEqual(names, known, f"{panel['title']}: {target['expr']}")
                used |= names
        for variable in dashboard["templating"]["list"][1:]:
            self.assertLessEqual(set(NAME.findall(variable["query"])), known)
        shown = {name for name in documented_metrics()
                 if {name, f"{name}_bucket"} & used or name in ("parley_store_readable", "parley_build_info",
                                                                "process_start_time_seconds")}
        self.assertEqual(shown, set(documented_metrics()), "each metric is on the dashboard")

    def test_promtool_takes_the_dashboards_expressions(self):
        """As rules, since promtool parses those; Grafana's variables are filled in."""
        dashboard = json.loads(read(PACKAGING, "grafana/parley.json"))
        rules = []
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"].replace("$__rate_interval", "5m").replace("$job", "j").replace("$instance", "i")
                rules.append({"record": f"panel:{len(rules)}", "expr": expression})
        path = os.path.join(BUILD, "dashboard.rules.json")  # JSON is YAML
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        self.run_quietly("promtool", "check", "rules", "--lint=none", path)

    def test_the_bridges_options_file_shows_the_options_of_push_and_no_others_than_there_are(self):
        described = set(re.findall(r"--([a-z-]+)", self.run_quietly(BRIDGE, "--help")))
        shown = set(re.findall(r"--([a-z-]+)", read(PACKAGING, "systemd/parley-bridge.default"))) - {"help"}
        self.assertLessEqual(shown, described)
        # Servers of the providers' elsewhere, and how many connections, are for tests and rare cases.
        rare = {"push-fcm-url", "push-apns-url", "push-connections"}
        self.assertEqual({name for name in described if name.startswith("push-")} - rare - shown, set())

    def test_the_bridges_manual_has_its_options(self):
        described = re.findall(r"--([a-z-]+)", self.run_quietly(BRIDGE, "--help"))
        page = read(MADE, "man/parley-bridge.8").replace("\\-", "-")
        options = [line for line in page.splitlines() if line.startswith((".BI", ".BR -h"))]
        self.assertEqual(set(re.findall(r"--([a-z-]+)", "\n".join(options))), set(described))
        self.assertEqual(self.run_quietly("groff", "-man", "-ww", "-z", os.path.join(MADE, "man/parley-bridge.8")), "")

    def test_the_configuration_is_that_of_mosquitto_conf(self):
        """The same settings with the same values, but for what belongs to the place."""
        def settings(text):
            lines = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
            return {tuple(line) for line in lines if line[0] not in (
                "plugin", "plugin_opt_parley_data", "listener", "socket_domain", "protocol", "persistence",
                "persistence_location", "log_dest", "log_type", "log_timestamp_format")}
        self.assertEqual(settings(read(MADE, "mosquitto/parley.conf")), settings(read(ROOT, "mosquitto.conf")))

    def test_the_bridges_unit_is_hardened(self):
        unit = os.path.join(MADE, "systemd/parley-bridge.service")
        self.run_quietly("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)


if __name__ == "__main__":
    unittest.main(verbosity=2)
