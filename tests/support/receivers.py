"""Starts the programs under tests/receivers that stand in for push services."""
import json
import os
import subprocess
import threading

from tests.support.authority import Authority
from tests.support.waiting import wait_until

RECEIVERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "receivers")


class PushServices:
    """APNs, FCM and the OAuth endpoint of its accounts, in `folder`: with PushServices(folder) as services: …. The keys and
    the account that the bridge needs are made there: bridge_options() names them."""

    PROGRAM = "http2.mjs"
    PROJECT, TEAM, KEY_ID, TOPIC = "project-1", "TEAM123456", "KEY1234567", "org.example.chat"

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.certificate, self.key = self.authority.issue("localhost", "IP:127.0.0.1,DNS:localhost")
        for name, arguments in (("apns", ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")),
                                ("fcm", ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"))):
            self.authority.openssl("genpkey", "-algorithm", *arguments, "-out", f"{name}.pem")
            self.authority.openssl("pkey", "-in", f"{name}.pem", "-pubout", "-out", f"{name}.pub")
        self.process, self.port, self._lines, self._lock = None, None, [], threading.Lock()
        self._reader = None

    def bridge_options(self):
        return ("--push-allow", "127.0.0.0/8", "--push-ca", self.authority.certificate,
                "--push-fcm-account", self.authority.path("account.json"), "--push-fcm-url", self.url,
                "--push-apns-key", self.authority.path("apns.pem"), "--push-apns-key-id", self.KEY_ID,
                "--push-apns-team", self.TEAM, "--push-apns-topic", self.TOPIC, "--push-apns-url", self.url)

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def answer(self, service, *answers):
        """What the next requests of "apns", "fcm" or "oauth" are answered: numbers (of a status) or what http2.mjs has."""
        scripted = len(self._of("scripted"))
        line = {"service": service,
                "answers": [{"status": each} if isinstance(each, int) else each for each in answers]}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        wait_until(lambda: len(self._of("scripted")) > scripted, 10, "the receiver knows its answers")

    def requests(self, service):
        """What has come, in order: dictionaries as http2.mjs prints them."""
        return [each for each in self._of("path") if each["service"] == service]

    def problems(self):
        return [each for each in self._of("path") if each["problem"]]

    def _of(self, name):
        with self._lock:
            return [each for each in self._lines if name in each]

    def _read(self):
        for line in self.process.stdout:
            with self._lock:
                self._lines.append(json.loads(line))

    def __enter__(self):
        self.process = subprocess.Popen(
            ["node", os.path.join(RECEIVERS, self.PROGRAM), self.certificate, self.key, self.authority.path("apns.pub"),
             self.authority.path("fcm.pub")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_until(lambda: self._of("port") or self.process.poll() is not None, 20, "the receiver listens")
        assert self._of("port"), "the receiver has ended"
        self.port = self._of("port")[0]["port"]
        with open(self.authority.path("fcm.pem"), encoding="utf-8") as key:
            account = {"type": "service_account", "project_id": self.PROJECT, "private_key_id": "key-1",
                       "private_key": key.read(), "client_email": "push@example.org", "token_uri": f"{self.url}/token"}
        with open(self.authority.path("account.json"), "w", encoding="utf-8") as file:
            json.dump(account, file)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._reader.join(10)
        self.process.stdout.close()


class PushSink(PushServices):
    """Takes whatever the services would take, checks nothing and answers at once: sink.mjs."""

    PROGRAM = "sink.mjs"

    def ask(self, **question):
        """The answer to a question that sink.mjs has; one at a time."""
        asked = len(self._lines)
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        wait_until(lambda: len(self._lines) > asked, 20, f"the answer to {question}")
        return self._lines[asked]

    def subscription(self, name):
        """What push.register takes as webPush."""
        return {"endpoint": f"{self.url}/push/{name}", "keys": self._lines[0]["keys"]}
