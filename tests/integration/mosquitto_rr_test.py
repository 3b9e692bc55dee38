"""mosquitto_rr asks, and is answered on its own response topic with its own correlation data."""
import json
import subprocess

from tests.support.client import new_id
from tests.support.parley_test import ParleyTest, main


class MosquittoRr(ParleyTest):
    BRIDGE = True

    def ask(self, user, method, body, answer_on="{own}/answers", correlation=None):
        """(correlation data, reply) as mosquitto_rr prints them."""
        client = f"{user}-rr-{new_id()[:8]}"
        own = f"chat/v1/clients/{client}"
        properties = ["-D", "publish", "correlation-data", correlation] if correlation else []
        done = subprocess.run(
            ["mosquitto_rr", "-h", "127.0.0.1", "-p", str(self.broker.port), "-u", user, "-P", f"pw-{user}",
             "-i", client, "-V", "mqttv5", "-q", "1", "-W", "15", "-F", "%D\n%p",
             "-t", f"chat/v1/requests/{method}/json", "-e", answer_on.format(own=own), "-m", json.dumps(body),
             *properties],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=40)
        self.assertEqual(done.returncode, 0, done.stdout)
        echoed, reply = done.stdout.split("\n", 1)
        return echoed, json.loads(reply)

    def test_a_request_to_the_bridge(self):
        room = self.room({"alice": "owner"})
        echoed, reply = self.ask("alice", "history.page", {"requestId": "rr-1", "room": room}, correlation="tag-1")
        self.assertEqual((echoed, reply["requestId"], reply["code"], reply["head"]), ("tag-1", "rr-1", "OK", "1"))

    def test_a_request_to_the_plugin(self):
        name = f"rr-{new_id()[:8]}"
        echoed, reply = self.ask("alice", "rooms.create", {"requestId": "rr-2", "room": name, "kind": "GROUP"},
                                 correlation="tag-2")
        self.assertEqual((echoed, reply["requestId"], reply["code"]), ("tag-2", "rr-2", "OK"), reply)

    def test_without_correlation_data(self):
        echoed, reply = self.ask("alice", "rooms.list", {"requestId": "rr-3"})
        self.assertEqual((echoed, reply["requestId"], reply["code"]), ("", "rr-3", "OK"))

    def test_a_refusal_is_answered_there_too(self):
        room = self.room({"bob": "owner"})
        echoed, reply = self.ask("alice", "history.page", {"requestId": "rr-4", "room": room}, correlation="tag-4")
        self.assertEqual((echoed, reply["requestId"], reply["code"]), ("tag-4", "rr-4", "PERMISSION_DENIED"))


if __name__ == "__main__":
    main()
