"""MQTT.js is a full client: the protocol's examples over TCP and WebSocket, in 3.1.1 and 5."""
import json
import os
import subprocess

from tests.support.client import new_id
from tests.support.parley_test import ParleyTest, main

PACKAGES = os.environ["PARLEY_NODE_PACKAGES"]
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mqttjs_client.mjs")


class MqttJs(ParleyTest):
    BRIDGE = True

    def live(self, url, version):
        """What the program saw; (its world, its result)."""
        room = self.room({"alice": "owner", "bob": "member"})
        vault = self.room({"bob": "owner"})
        world = {"url": url, "version": version, "user": "alice", "password": "pw-alice",
                 "client": f"js-{new_id()[:8]}", "room": room, "vault": vault, "added": "carol"}
        program = subprocess.Popen(["node", PROGRAM, PACKAGES, json.dumps(world)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.stderr.close)
        self.addCleanup(program.kill)
        ready = program.stdout.readline()
        if ready:
            self.admin().command("addMember", room=room, user="carol")
        output, errors = program.communicate(timeout=60)
        self.assertEqual(program.returncode, 0, errors)
        return world, json.loads(output)

    def check(self, world, result):
        room, v5 = world["room"], world["version"] == 5
        draft = {"room": room, "sender": "alice", "client": world["client"]}
        self.assertEqual({**result["jsonAck"], "feed": "", "tsMs": ""},
                         {"id": "01J9Z", "room": room, "seq": "2", "feed": "", "tsMs": "", "code": "OK", "reason": "",
                          "duplicate": False, "durability": "FSYNCED"})
        self.assertEqual(result["jsonEvent"],
                         {**result["jsonEvent"], **draft, "seq": "2", "id": "01J9Z", "mentions": ["bob"],
                          "feed": result["jsonAck"]["feed"], "tsMs": result["jsonAck"]["tsMs"],
                          "text": {"text": "hello", "format": "PLAIN"}})
        self.assertEqual((result["textAck"]["code"], result["textAck"]["seq"]), ("OK", "3"))
        self.assertEqual(result["textEvent"]["text"], {"text": "hello as text", "format": "PLAIN"})
        self.assertEqual({**result["refusedAck"], "tsMs": "0", "feed": "0"},
                         {"id": "01JA0", "room": world["vault"], "seq": "0", "feed": "0", "tsMs": "0",
                          "code": "PERMISSION_DENIED", "reason": f"alice is not a member of {world['vault']}",
                          "duplicate": False, "durability": "NONE"})
        self.assertEqual(result.get("refusedPuback"), 0x87 if v5 else None)
        self.assertIs(result["refusedSubscription"], True)
        self.assertEqual(result["memberEvent"]["membership"]["changes"],
                         [{"user": "carol", "change": "ADDED", "role": "MEMBER", "by": "admin"}])
        history = result["history"]
        self.assertEqual((history["requestId"], history["code"], history["head"], history["first"]),
                         ("r1", "OK", "4", "1"))
        self.assertEqual([event["seq"] for event in history["events"]], ["1", "2"])
        rooms = {item["room"]: item for item in result["sync"]["rooms"]}
        self.assertEqual([event["seq"] for event in rooms[room]["events"]], ["1", "2", "3", "4"])
        self.assertEqual((rooms[room]["kind"], rooms[room]["role"], rooms[room]["left"]), ("GROUP", "OWNER", False))
        self.assertNotIn(world["vault"], rooms)
        self.assertIn(room, [item["room"] for item in result["rooms"]["rooms"]])
        if v5:
            self.assertEqual(result["response"]["correlationData"], "tag")
            self.assertEqual(result["response"]["body"]["requestId"], "r4")

    def test_tcp(self):
        for version in (4, 5):
            with self.subTest(version=version):
                self.check(*self.live(f"mqtt://127.0.0.1:{self.broker.port}", version))

    def test_web_socket(self):
        for version in (4, 5):
            with self.subTest(version=version):
                self.check(*self.live(f"ws://127.0.0.1:{self.broker.ws_port}", version))


if __name__ == "__main__":
    main()
