"""The bridge's HTTP edge: liveness, readiness, metrics (each one documented), CORS, TLS."""
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request
import warnings

from tests.support.authority import Authority
from tests.support.broker import BRIDGE, Daemon
from tests.support.documented_metrics import documented_metrics
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import Refused, Session
from tests.support.waiting import free_port, wait_until

# Whatever proxy the environment names: this is loopback.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="')


class Page:
    """A metrics page, taken apart."""

    def __init__(self, text):
        self.types, self.labels, self.values = {}, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                name, kind = line.split()[2:]
                self.types[name] = kind
            elif not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                self.values[f"{name}{{{labels}}}" if labels else name] = float(value)
                family = self.family(name)
                self.labels.setdefault(family, set()).update(LABEL.findall(labels or ""))
                self.labels[family].discard("le")

    def family(self, name):
        for suffix in ("_bucket", "_sum", "_count"):
            if name.endswith(suffix) and self.types.get(name[:-len(suffix)]) == "histogram":
                return name[:-len(suffix)]
        return name


class HttpEdge(ParleyTest):
    BRIDGE = True

    def get(self, path, method="GET", headers=None):
        """(status, headers, body) of a request to the bridge."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.broker.http_port}{path}", method=method,
                                         headers=headers or {})
        try:
            with DIRECT.open(request, timeout=10) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def page(self):
        status, headers, text = self.get("/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return Page(text)

    def use_everything(self):
        """What makes the metrics with labels appear: a refusal, a query, an answer."""
        room = self.room({"alice": "owner"})
        alice, mallory = self.client("alice"), self.client("mallory")
        alice.say(room, "hello")
        self.assertEqual(alice.request("history.page", room=room)["code"], "OK")
        self.assertEqual(mallory.ack(mallory.send(room, "let me in"))["code"], "PERMISSION_DENIED")
        self.get("/health")
        # To an address that is never called: it is paused, and counted all the same.
        self.admin().command("createWebhook", webhook=f"hook-{room}", url="https://192.0.2.1/")
        wait_until(lambda: "parley_webhook_paused" in self.page().labels, 10, "the webhook's numbers")
        return room

    def test_every_metric_is_documented_and_every_documented_one_is_there(self):
        self.use_everything()
        wait_until(lambda: "parley_commands_committed_total" in self.page().types, 10, "the plugin's numbers")
        page = self.page()
        shown = {name: (kind, page.labels.get(name, set())) for name, kind in page.types.items()}
        self.maxDiff = None
        self.assertEqual(shown, documented_metrics())

    def test_promtool_finds_nothing_to_say(self):
        self.use_everything()
        text = self.get("/metrics")[2]
        self.assertTrue(shutil.which("promtool"), "install Debian's prometheus (scripts/packages.txt)")
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_the_numbers_follow_what_happens(self):
        def value(name):
            return self.page().values.get(name, 0)

        before = self.page().values
        room = self.use_everything()
        alice = self.client("alice")
        alice.subscribe(f"chat/v1/rooms/{room}/events/json")
        for i in range(200):
            alice.say(room, f"m{i}")

        def grown(name, by):
            wait_until(lambda: value(name) >= before.get(name, 0) + by, 10, f"{name} has grown by {by}")

        grown("parley_commands_committed_total", 202)
        grown("parley_commands_appended_total", 202)
        grown("parley_deliveries_total", 400)  # an event and an ack for each
        grown('parley_publishes_total{kind="event"}', 200)
        grown('parley_publishes_total{kind="ack"}', 201)
        grown('parley_publishes_total{kind="reply"}', 1)
        grown('parley_refusals_total{code="PERMISSION_DENIED"}', 1)
        grown('parley_logins_total{result="accepted"}', 3)
        grown('parley_queries_total{method="history.page",code="OK"}', 1)
        grown('parley_query_seconds_count{method="history.page"}', 1)
        grown('parley_http_requests_total{path="/health",status="200"}', 1)
        grown("parley_journal_append_seconds_count", 3)  # one in 64
        alice.history(room)  # the bridge's view moves when somebody asks
        values = self.page().values
        commits = values["parley_commit_batch_commands_count"]
        self.assertEqual(values["parley_commit_fsync_seconds_count"], commits)
        self.assertEqual(values["parley_commit_batch_commands_sum"], values["parley_commands_committed_total"])
        self.assertGreater(values["parley_commit_fsync_seconds_sum"], 0)
        self.assertGreater(values["parley_store_applied_index"], 200)
        self.assertEqual(values["parley_journal_size_bytes"], 64 << 20)
        self.assertEqual((values["parley_ready"], values["parley_broker_connected"]), (1, 1))

    def test_a_wrong_password_is_counted(self):
        before = self.page().values.get('parley_logins_total{result="refused"}', 0)
        with self.assertRaises(Refused):
            Session(self.broker.port, "alice", "not-hers", "somewhere")
        wait_until(lambda: self.page().values.get('parley_logins_total{result="refused"}', 0) > before, 10)

    def test_only_the_bridge_hears_the_plugins_numbers(self):
        alice, admin = self.client("alice"), self.admin()
        for client in (alice, admin):
            for topic in ("$parley/stats", "$parley/#"):
                self.assertRaises(AssertionError, client.subscribe, topic)

    def test_ready_says_what_is_missing(self):
        status, _, body = self.get("/ready")
        self.assertEqual((status, json.loads(body)["status"], json.loads(body)["missing"]), (200, "ready", []))
        self.broker.kill9()
        wait_until(lambda: self.get("/ready")[0] == 503, 10, "not ready without the broker")
        body = json.loads(self.get("/ready")[2])
        self.assertEqual((body["status"], body["missing"]), ("not ready", ["broker", "committed index"]))
        status, _, body = self.get("/health")
        self.assertEqual((status, json.loads(body)["broker"]), (200, "disconnected"), "the process lives")
        page = self.page()
        self.assertEqual((page.values["parley_ready"], page.values["parley_broker_connected"]), (0, 0))
        self.broker.start_broker()
        wait_until(lambda: self.get("/ready")[0] == 200, 30, "ready again")

    def test_methods(self):
        for path in ("/health", "/ready", "/metrics"):
            status, headers, body = self.get(path, "HEAD")
            self.assertEqual((status, body), (200, ""))
            self.assertGreater(int(headers["Content-Length"]), 10)
            status, headers, _ = self.get(path, "POST")
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD, OPTIONS"))
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.get("/nothing")[0], 404)
        status, headers, _ = self.get("/health", "OPTIONS", {"Origin": "https://x.example",
                                                            "Access-Control-Request-Method": "GET"})
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (403, None))


class HttpEdgeOptions(ParleyTest):
    """Bridges with options of their own, beside the broker."""

    def bridge(self, *options):
        """A bridge on a free port; nothing waits for it here."""
        port = free_port()
        daemon = Daemon("parley-bridge", os.path.join(self.broker.data, f"log/bridge-{port}.log"))
        self.addCleanup(daemon.kill)
        daemon.start(BRIDGE, "--data", self.broker.data, "--port", str(self.broker.port), "--http-port", str(port), *options)
        return daemon, port

    def authority(self, folder):
        authority = Authority(os.path.join(self.broker.data, folder))
        return authority, authority.issue("localhost", "IP:127.0.0.1,DNS:localhost")

    @staticmethod
    def status(url, context=None):
        """The status of a GET, or None when there is no answer."""
        handlers = [urllib.request.HTTPSHandler(context=context)] if context else []
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
        try:
            with opener.open(url, timeout=5) as response:
                return response.status
        except (OSError, http.client.HTTPException):
            return None

    def test_tls(self):
        authority, (certificate, key) = self.authority("tls")
        daemon, port = self.bridge("--http-tls-cert", certificate, "--http-tls-key", key)
        context = ssl.create_default_context(cafile=authority.certificate)
        daemon.wait_ready(lambda: self.status(f"https://localhost:{port}/ready", context) == 200)
        old = ssl.create_default_context(cafile=authority.certificate)
        with warnings.catch_warnings():  # that it is old
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        self.assertIsNone(self.status(f"https://localhost:{port}/ready", old))
        self.assertIsNone(self.status(f"http://localhost:{port}/ready"), "plain HTTP is no answer")

    def test_a_wrong_option_is_one_clear_line(self):
        authority, (certificate, _) = self.authority("tls-wrong")
        for options, line in (
                (["--http-tls-cert", certificate], "give both, or neither"),
                (["--http-tls-cert", "/no/such", "--http-tls-key", "/no/such"], "--http-tls-cert /no/such: no certificate"),
                (["--http-tls-cert", certificate, "--http-tls-key", authority.path("ca.key")],
                 f"is not the key of {certificate}"),
                (["--http-cors-origin", "chat.example"], "--http-cors-origin chat.example is no origin"),
                (["--http-connections", "0"], "--http-connections is 1 to 10000")):
            with self.subTest(options):
                daemon, _ = self.bridge(*options)
                wait_until(lambda: not daemon.running(), 10, "it ends")
                self.assertEqual(daemon.process.returncode, 65, daemon.log())
                self.assertIn(line, daemon.log())
                self.assertEqual(len(daemon.log().splitlines()), 1, daemon.log())


if __name__ == "__main__":
    main()
