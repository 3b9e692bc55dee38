"""A browser with its push service, as a process of Node."""
import json
import os
import shutil
import subprocess
import tempfile
import threading

from tests.support.broker import ROOT
from tests.support.waiting import wait_until

PROGRAM = os.path.join(ROOT, "tests/receivers/web_push.mjs")


class WebPushReceiver:
    """A context manager. `subscription` is what push.register takes as webPush; `messages` what came, each checked and decrypted.
    `program`: another one that says what web_push.mjs says; `arguments`: put before the path of its subscription."""

    def __init__(self, program=PROGRAM, *arguments):
        self.folder = tempfile.mkdtemp(prefix="parley-receiver-")
        self.path = os.path.join(self.folder, "subscription.json")
        self.changed, self.messages, self.refused = threading.Condition(), [], []
        self.process = subprocess.Popen(["node", program, *arguments, self.path],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            with self.changed:
                (self.refused if "refused" in message else self.messages).append(message)
                self.changed.notify_all()

    def __enter__(self):
        try:
            wait_until(lambda: self.process.poll() is not None or os.path.exists(self.path), 20, "the receiver listens")
        except AssertionError:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.reader.join(10)
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def subscription(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)

    def gone(self, status):
        """A subscription that its push service does not know (404) or does not know any more (410)."""
        subscription = self.subscription
        path = {404: "/unknown", 410: "/gone"}[status]
        return {**subscription, "endpoint": subscription["endpoint"].replace("/push", path)}

    def seen(self):
        """{(type, room, seq): how often it came}."""
        counts = {}
        with self.changed:
            for message in self.messages:
                said = message["payload"]
                key = said["type"], said.get("room"), int(said.get("seq", 0))
                counts[key] = counts.get(key, 0) + 1
        return counts

    def wait(self, condition, what, timeout=20):
        """The first message of which condition(payload) is true."""
        with self.changed:
            def found():
                return next((message for message in self.messages if condition(message["payload"])), None)
            if not self.changed.wait_for(found, timeout):
                raise AssertionError(f"{what}: not within {timeout} s; came: {self.messages}, refused: {self.refused}")
            return found()
