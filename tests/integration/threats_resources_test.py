"""Threats to the broker's memory and time (13, 14, 16): raw packets that no polite client sends. Each attack runs
beside a well-behaved client, whose acks must go on coming, and is judged by what the broker uses for it."""
import json
import socket

from tests.support.client import new_id
from tests.support.load import Probe, cpu_seconds, figures, machine_is_loaded, percentile, resident_bytes
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import PUBACK, PUBREC, Closed, Session, connect_packet, packet, publish_packet, text
from tests.support.waiting import wait_until

MIB = 1024 * 1024
P99_MS = 50
LOADED_FACTOR = 6
CONNECTIONS = 200


def remaining_length(value):
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(encoded)


class ResourceThreats(ParleyTest):
    USERS = ("alice", "bob", "mallory")

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member", "mallory": "member"})
        client_id = f"probe-{new_id()[:8]}"
        self.probe = Probe(self.raw("alice", client_id=client_id), client_id, self.lobby)
        self.before = self.probe.run_for(0.5)
        self.pid = self.broker.broker.process.pid

    def others_are_served(self, name, seconds=1):
        latencies = self.probe.run_for(seconds)
        print(figures(f"{name}, before", self.before))
        print(figures(f"{name}, meanwhile", latencies))
        self.assertLess(percentile(latencies, 0.99), P99_MS * (LOADED_FACTOR if machine_is_loaded() else 1))

    def connections(self, data, count=CONNECTIONS):
        """Open connections that have sent these bytes and do no more."""
        opened = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", self.broker.port), 10)
            self.addCleanup(connection.close)
            connection.sendall(data)
            opened.append(connection)
        return opened

    def closed(self, connection, timeout=10):
        connection.settimeout(timeout)
        try:
            while connection.recv(4096):
                pass
        except socket.timeout:
            return False
        except OSError:
            pass
        return True

    def test_threat_13_a_huge_remaining_length_before_the_login_takes_no_memory(self):
        rest = resident_bytes(self.pid)
        # Announced beyond the largest packet: the end of the connection, whatever the packet is.
        for first in (0x10, 0x30, 0x82, 0xF0):
            for length in (268_435_455, 2 * MIB):
                for connection in self.connections(bytes([first]) + remaining_length(length) + b"\x00" * 100, 5):
                    self.assertTrue(self.closed(connection), f"{first:#x} {length}")
        # A length of five bytes is none.
        for connection in self.connections(b"\x10\xff\xff\xff\xff\x7f", 5):
            self.assertTrue(self.closed(connection))
        # Announced within the limit, and never sent.
        for first in (0x10, 0x30, 0x82):
            self.connections(bytes([first]) + remaining_length(MIB - 10) + b"\x00" * 100)
        self.others_are_served("huge lengths")
        grown = resident_bytes(self.pid) - rest
        print(f"threat 13: {3 * CONNECTIONS} connections announced {3 * CONNECTIONS} MiB; the broker grew by {grown // 1024} KiB")
        self.assertLess(grown, 16 * MIB)

    def test_threat_14_thousands_of_user_properties_cost_little(self):
        pairs = (b"\x26" + text("k") + text("v")) * 100_000
        with self.raw("mallory", version=5) as session:
            spent, count = cpu_seconds(self.pid), 20
            for number in range(1, count + 1):
                # Written by hand: the length of the properties takes more than one byte.
                body = text(f"chat/v1/rooms/{self.lobby}/send/json") + number.to_bytes(2, "big") + \
                    remaining_length(len(pairs)) + pairs + json.dumps({"id": new_id(), "text": {"text": "x"}}).encode()
                session.send(packet(0x32, body))
            session.pump(lambda: (PUBACK, count) in session.answers, 60, "the last PUBACK")
            self.assertLess(session.answers[(PUBACK, count)], 0x80)
            spent = cpu_seconds(self.pid) - spent
        print(f"threat 14: {count} messages of 100,000 user properties took {spent:.2f} s of the processor")
        self.assertLess(spent / count, 0.25)
        flags = text("MQTT") + b"\x05\xc2\x00\x3c" + remaining_length(len(pairs[:90_000])) + pairs[:90_000]
        spent = cpu_seconds(self.pid)
        for connection in self.connections(packet(0x10, flags + text("p1") + text("nobody") + text("x")), 5):
            self.assertTrue(self.closed(connection))
        self.assertLess(cpu_seconds(self.pid) - spent, 2)
        self.others_are_served("user properties")

    def test_threat_16_slow_connects_hold_nobody_up(self):
        data = connect_packet("slow", "alice", "pw-alice")
        rest = resident_bytes(self.pid)
        for part in (b"", data[:1], data[:2], data[:10], data[:-1]):
            self.connections(part, CONNECTIONS // 5)
        self.others_are_served("slow CONNECTs")
        self.assertLess(resident_bytes(self.pid) - rest, 8 * MIB)
        # One byte at a time is slow, and right.
        connection = self.connections(b"", 1)[0]
        for at in range(len(data)):
            connection.sendall(data[at:at + 1])
        connection.settimeout(10)
        self.assertEqual(connection.recv(4), b"\x20\x02\x00\x00")

    def test_threat_16_a_subscriber_that_never_reads_holds_nobody_up(self):
        events = f"chat/v1/rooms/{self.lobby}/events/json"
        deaf = []
        for number in range(10):
            session = self.raw("mallory", version=4 + number % 2)
            session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            session.subscribe(events, qos=number % 3)
            deaf.append(session)
        writer, listener = self.raw("bob"), self.client("bob")
        listener.subscribe(events)
        # As many as are queued for one client at most, first: what it holds is bounded from there on.
        self.post(writer, 2_500)
        rest = resident_bytes(self.pid)
        self.post(writer, 4_000)
        grown = resident_bytes(self.pid) - rest
        print(f"threat 16: 4,000 more messages for 10 deaf subscribers; the broker grew by {grown // 1024} KiB")
        self.assertLess(grown, 16 * MIB)
        self.others_are_served("deaf subscribers")
        listener.wait(lambda: len(self.texts(listener.seen(self.lobby))) >= 6_500, 60, "every message")
        self.assertEqual(len(deaf), 10)

    def post(self, writer, count):
        """Sends so many messages of 512 bytes, a hundred on their way at a time."""
        topic = f"chat/v1/rooms/{self.lobby}/send/text"
        for start in range(0, count, 100):
            numbers = [writer.new_packet_id() for _ in range(100)]
            writer.send(b"".join(publish_packet(topic, "y" * 512, packet_id=number) for number in numbers))
            writer.pump(lambda last=numbers[-1]: (PUBACK, last) in writer.answers, 60, "PUBACKs")
            writer.answers.clear()

    def test_threat_16_qos_2_without_pubrel_is_bounded(self):
        topic, count = f"chat/v1/rooms/{self.lobby}/send/text", 10_000
        rest = resident_bytes(self.pid)
        with self.raw("bob") as writer:
            self.post(writer, count)
        stored = resident_bytes(self.pid) - rest  # what the store holds in memory for as many that are released
        for version in (4, 5):
            rest = resident_bytes(self.pid)
            with self.raw("mallory", client_id=f"unreleased-{version}", version=version) as session:
                try:
                    for start in range(1, count + 1, 200):
                        session.send(b"".join(publish_packet(topic, "z" * 512, 2, number, version=version)
                                              for number in range(start, start + 200)))
                        session.drain()
                    session.pump(lambda: (PUBREC, count) in session.answers, 2)
                except (Closed, AssertionError):
                    pass  # by then the broker may have had enough of it
                grown = resident_bytes(self.pid) - rest
            print(f"threat 16: {count} messages of QoS 2 without PUBREL: the broker grew by {grown // 1024} KiB, "
                  f"for as many released ones by {stored // 1024} KiB")
            self.assertLess(grown, stored + 8 * MIB)
        self.others_are_served("QoS 2 without PUBREL")
        wait_until(self.broker.broker.running, 1)
        with Session(self.broker.port, "mallory", "pw-mallory", "unreleased-4") as session:
            self.assertEqual(session.publish_acknowledged(topic, "released", qos=2), 0)


if __name__ == "__main__":
    main()
