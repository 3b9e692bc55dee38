"""Mosquitto's own tools are full clients."""
import json
import subprocess
import threading

from tests.support.client import new_id
from tests.support.parley_test import ParleyTest, main


class StockClients(ParleyTest):
    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})

    def command(self, tool, user, *arguments):
        return [tool, "-h", "127.0.0.1", "-p", str(self.broker.port), "-u", user, "-P", f"pw-{user}",
                "-i", f"{user}-{new_id()[:8]}", *arguments]

    def run_tool(self, *arguments):
        return subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=30)

    def test_pub_and_sub_in_every_version_and_qos(self):
        for version in ("mqttv31", "mqttv311", "mqttv5"):
            for qos in ("1", "2"):
                with self.subTest(version=version, qos=qos):
                    lines, ready = [], threading.Event()
                    sub = subprocess.Popen(
                        # Its output is a pipe here, which it would fill before writing.
                        ["stdbuf", "-oL", *self.command("mosquitto_sub", "bob", "-V", version, "-q", qos, "-d", "-C", "1", "-W", "20",
                                     "-t", f"chat/v1/rooms/{self.lobby}/events/json")],
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

                    def read():
                        for line in sub.stdout:
                            lines.append(line)
                            if line.startswith("Subscribed"):
                                ready.set()
                    reader = threading.Thread(target=read)
                    reader.start()
                    self.assertTrue(ready.wait(10), lines)
                    done = self.run_tool("mosquitto_pub", "alice", "-V", version, "-q", qos,
                                         "-t", f"chat/v1/rooms/{self.lobby}/send/text", "-m", f"hi {version} {qos}")
                    self.assertEqual(done.returncode, 0, done.stdout)
                    reader.join(25)
                    self.assertEqual(sub.wait(25), 0)
                    event = next(json.loads(line) for line in lines if line.startswith("{"))
                    self.assertEqual(event["text"]["text"], f"hi {version} {qos}")
                    sub.stdout.close()

    def test_a_wrong_password_and_a_refused_subscription_fail(self):
        done = self.run_tool("mosquitto_pub", "alice", "-P", "wrong", "-t", "x", "-m", "x")
        self.assertNotEqual(done.returncode, 0)
        done = self.run_tool("mosquitto_sub", "alice", "-W", "5", "-C", "1", "-t", "chat/v1/rooms/+/events/json")
        self.assertIn("denied", done.stdout)

    def test_control_by_mosquitto_rr(self):
        name, password = self.broker.credentials()
        done = subprocess.run(
            ["mosquitto_rr", "-h", "127.0.0.1", "-p", str(self.broker.port), "-u", name, "-P", password,
             "-V", "mqttv5", "-q", "1", "-W", "10", "-t", "$CONTROL/parley/v1", "-e", "$CONTROL/parley/v1/response",
             "-m", '{"commands":[{"command":"createRoom","room":"by-rr","kind":"group"}]}'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
        self.assertEqual(json.loads(done.stdout), {"responses": [{"command": "createRoom"}]}, done.stdout)

    def test_websockets(self):
        import paho.mqtt.client as mqtt
        opened = threading.Event()
        client = mqtt.Client("alice-ws", transport="websockets")
        client.username_pw_set("alice", "pw-alice")
        client.on_connect = lambda c, u, f, code: opened.set() if code == 0 else None
        client.connect("127.0.0.1", self.broker.ws_port, 60)
        client.loop_start()
        self.assertTrue(opened.wait(10))
        info = client.publish(f"chat/v1/rooms/{self.lobby}/send/text", b"by websocket", qos=1)
        info.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()
        bob = self.client("bob")
        self.assertEqual(bob.say(self.lobby, "x")["seq"], "3")


if __name__ == "__main__":
    main()
