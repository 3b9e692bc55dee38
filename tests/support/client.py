"""A chat client on a stock MQTT client (paho), 3.1.1 or 5, speaking the JSON twin."""
import json
import socket
import threading
import time
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes

V311, V5 = mqtt.MQTTv311, mqtt.MQTTv5


def new_id():
    return uuid.uuid4().hex


class Client:
    """connect() subscribes to the own acks and replies; close() ends it. All waits are bounded."""

    def __init__(self, broker, user, password, client_id=None, version=V311, clean=True):
        self.broker, self.user, self.version = broker, user, version
        self.client_id = client_id or f"{user}-{new_id()[:8]}"
        self.changed = threading.Condition()
        self.connack, self.disconnects = None, 0
        self.subacks, self.pubacks = {}, set()
        self.messages = []   # (topic, payload bytes, qos, retain) in order of arrival
        self.events = []     # decoded events, room topics and user topics alike: (topic, event)
        self.acks = {}       # id → list of acks
        self.replies = {}    # request id → reply
        self.controls = []   # responses of $CONTROL
        if version == V5:
            self.mqtt = mqtt.Client(self.client_id, protocol=V5)
            self.mqtt.on_connect = lambda c, u, flags, code, properties: self._connected(code)
        else:
            self.mqtt = mqtt.Client(self.client_id, clean_session=clean, protocol=V311)
            self.mqtt.on_connect = lambda c, u, flags, code: self._connected(code)
        self.clean = clean
        self.mqtt.username_pw_set(user, password)
        self.mqtt.reconnect_delay_set(1, 1)
        self.mqtt.max_inflight_messages_set(1000)
        self.mqtt.on_disconnect = self._disconnected
        self.mqtt.on_subscribe = self._subscribed
        self.mqtt.on_publish = self._published
        self.mqtt.on_message = self._message
        self.mqtt.on_socket_open = self._opened

    # Callbacks of paho's thread.

    def _notify(self, change):
        with self.changed:
            change()
            self.changed.notify_all()

    @staticmethod
    def _opened(_client, _userdata, opened):
        # A request behind the PUBACK of the reply before would wait for the broker's delayed ACK, 40 ms.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _connected(self, code):
        self._notify(lambda: setattr(self, "connack", int(getattr(code, "value", code))))

    def _disconnected(self, *_):
        self._notify(lambda: setattr(self, "disconnects", self.disconnects + 1))

    def _subscribed(self, _client, _userdata, mid, codes, *_):
        self._notify(lambda: self.subacks.__setitem__(mid, [int(getattr(code, "value", code)) for code in codes]))

    def _published(self, _client, _userdata, mid):
        self._notify(lambda: self.pubacks.add(mid))

    def _message(self, _client, _userdata, message):
        try:
            body = json.loads(message.payload)
        except ValueError:
            body = None

        def change():
            topic = message.topic
            self.messages.append((topic, message.payload, message.qos, message.retain))
            if topic.endswith("/events/json"):
                self.events.append((topic, body))
            elif topic.endswith("/acks/json"):
                self.acks.setdefault(body["id"], []).append(body)
            elif topic.endswith("/replies/json"):
                self.replies[body["requestId"]] = body
            elif topic == "$CONTROL/parley/v1/response":
                self.controls.extend(body["responses"])
        self._notify(change)

    # What a test does.

    def wait(self, condition, timeout=10, what="the condition"):
        """Until condition() is true, looked at after every arrival."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{self.user} ({self.client_id}): {what}: not within {timeout} s")
                self.changed.wait(left)

    def connect(self, subscribe=True):
        if self.version == V5:
            properties = Properties(PacketTypes.CONNECT)
            if not self.clean:
                properties.SessionExpiryInterval = 3600
            self.mqtt.connect("127.0.0.1", self.broker.port, 60, clean_start=self.clean, properties=properties)
        else:
            self.mqtt.connect("127.0.0.1", self.broker.port, 60)
        self.mqtt.loop_start()
        self.wait(lambda: self.connack is not None or self.disconnects, what="CONNACK")
        if self.connack != 0:
            raise AssertionError(f"{self.user}: CONNACK {self.connack}")
        if subscribe:
            self.subscribe(f"chat/v1/clients/{self.client_id}/acks/json")
            self.subscribe(f"chat/v1/clients/{self.client_id}/replies/json")
        return self

    def close(self):
        self.mqtt.disconnect()
        self.mqtt.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def subscribe_code(self, topic, qos=1):
        """The code of the SUBACK."""
        _, mid = self.mqtt.subscribe(topic, qos)
        self.wait(lambda: mid in self.subacks, what=f"SUBACK of {topic}")
        return self.subacks[mid][0]

    def subscribe(self, topic, qos=1):
        code = self.subscribe_code(topic, qos)
        if code >= 0x80:
            raise AssertionError(f"{self.user}: SUBSCRIBE {topic} was refused with {code:#x}")

    def publish(self, topic, payload=b"", qos=1, retain=False, properties=None):
        """Hands it to paho; the mid is in `pubacks` once it is acknowledged."""
        if isinstance(payload, (dict, list)):
            payload = json.dumps(payload)
        return self.mqtt.publish(topic, payload, qos, retain, properties).mid

    def publish_acknowledged(self, *arguments, **options):
        mid = self.publish(*arguments, **options)
        self.wait(lambda: mid in self.pubacks, what=f"PUBACK of {arguments[0]}")

    def send(self, room, text, message_id=None, qos=1, **fields):
        """Sends a text draft; returns its id."""
        message_id = message_id or new_id()
        self.publish(f"chat/v1/rooms/{room}/send/json", {"id": message_id, "text": {"text": text}, **fields}, qos)
        return message_id

    def ack(self, message_id, timeout=10):
        """Takes the next ack of this id away and returns it."""
        self.wait(lambda: self.acks.get(message_id), timeout, f"ack of {message_id!r}")
        with self.changed:
            return self.acks[message_id].pop(0)

    def say(self, room, text, **options):
        """Sends and returns the ack, which must be OK."""
        ack = self.ack(self.send(room, text, **options))
        if ack["code"] != "OK":
            raise AssertionError(f"{self.user}: {ack}")
        return ack

    def request(self, method, timeout=15, **body):
        """The reply to a request."""
        request_id = new_id()[:16]
        self.publish(f"chat/v1/requests/{method}/json", {"requestId": request_id, **body})
        self.wait(lambda: request_id in self.replies, timeout, f"reply to {method}")
        return self.replies[request_id]

    def history(self, room):
        """All events of a room, oldest first, by pages."""
        events, after = [], "0"
        while True:
            reply = self.request("history.page", room=room, after=after, limit=1000)
            if reply["code"] != "OK":
                raise AssertionError(f"{self.user}: history of {room}: {reply}")
            events += reply["events"]
            if not reply["more"]:
                return events
            after = reply["events"][-1]["seq"]

    def seen(self, room=None, topic=None):
        """The events received so far, of one room and on one topic when given."""
        with self.changed:
            return [event for at, event in self.events
                    if (room is None or event["room"] == room) and (topic is None or at == topic)]

    def wait_event(self, message_id, timeout=10, topic=None):
        """The event with this id."""
        def found():
            return next((e for at, e in self.events if e["id"] == message_id and topic in (None, at)), None)
        return self.wait(found, timeout, f"event {message_id}")

    def control(self, *commands, timeout=30):
        """The responses to these $CONTROL commands, in their order."""
        tag = new_id()[:12]
        tagged = [{**command, "correlationData": f"{tag}-{i}"} for i, command in enumerate(commands)]
        wanted = [command["correlationData"] for command in tagged]
        self.publish("$CONTROL/parley/v1", {"commands": tagged})

        def all_there():
            found = {response.get("correlationData"): response for response in self.controls}
            return [found[tag] for tag in wanted] if all(tag in found for tag in wanted) else None
        return self.wait(all_there, timeout, f"responses to {[c['command'] for c in commands]}")

    def command(self, name, **fields):
        """One $CONTROL command that must succeed; its data."""
        response = self.control({"command": name, **fields})[0]
        if response.get("error"):
            raise AssertionError(f"{name}: {response}")
        return response.get("data")
