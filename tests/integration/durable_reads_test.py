"""Durable before visible: on a slow disk no query shows an event before it is on disk, though the bridge reads
what the broker has written and not yet synced. Needs strace, which slows the broker's fdatasync."""
import json
import os
import shutil
import subprocess
import time
import unittest

from tests.support.parley_test import ParleyTest, main

SECONDS = 6
FSYNC_DELAY_US = 60_000


@unittest.skipUnless(shutil.which("strace") and os.geteuid() == 0, "needs strace and root")
class DurableReads(ParleyTest):
    BRIDGE = True

    def slow_disk(self):
        """Every fdatasync of the broker takes longer from here on, until the end of the test."""
        tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync",
                                   "-e", f"inject=fdatasync:delay_exit={FSYNC_DELAY_US}",
                                   "-p", str(self.broker.broker.process.pid)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(tracer.stderr.close)
        self.addCleanup(tracer.wait, 10)
        self.addCleanup(tracer.terminate)
        line = tracer.stderr.readline()
        if "attached" not in line:
            self.skipTest(f"strace: {line.strip()}")

    def test_no_reply_is_ahead_of_the_disk(self):
        lobby = self.room({"alice": "owner", "bob": "member"})
        alice, bob = self.client("alice"), self.client("bob")
        bob.subscribe(f"chat/v1/rooms/{lobby}/events/json")
        self.slow_disk()
        sent, asked = [], []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            sent.append(alice.send(lobby, f"m{len(sent)}"))
            asked.append(f"q{len(asked)}")
            bob.publish("chat/v1/requests/history.page/json", {"requestId": asked[-1], "room": lobby, "limit": 5})
            time.sleep(0.012)  # a steady stream: several of each within one fsync
        bob.wait(lambda: all(request in bob.replies for request in asked), 30, "all replies")
        for message_id in sent:
            self.assertEqual(alice.ack(message_id)["code"], "OK")
        # An event is delivered once it is on disk, and a reply with it leaves after that.
        delivered = set()
        for topic, payload, _, _ in bob.messages:
            body = json.loads(payload)
            if topic.endswith("/events/json"):
                delivered.add(body["seq"])
            elif topic.endswith("/replies/json"):
                self.assertEqual(body["code"], "OK", body)
                for event in body["events"]:
                    self.assertIn(event["seq"], delivered | {"1"})


if __name__ == "__main__":
    main()
