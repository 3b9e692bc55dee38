"""MQTT on a bare socket, for what a well-behaved client does not do: bursts in one write, chosen packet ids, DUP,
a missing PUBREL, malformed packets. 3.1.1 and 5. One thread; nothing is read unless asked for."""
import select
import socket
import time

CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 5, 6, 7, 9, 13, 14


class Closed(Exception):
    """The broker has closed the connection."""


class Refused(Closed):
    """No CONNACK 0. `code`: the CONNACK's, or None when the connection was closed without one."""

    def __init__(self, code):
        super().__init__(f"CONNACK {code}")
        self.code = code


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(first, body):
    length, encoded = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([first]) + bytes(encoded) + body


def connect_packet(client_id, user=None, password=None, version=4, clean=True, keepalive=60, will=None,
                   expiry=None):
    """will: (topic, payload, qos, retain). expiry: session expiry in seconds, version 5."""
    flags = (2 if clean else 0) | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    if will:
        flags |= 4 | will[2] << 3 | (0x20 if will[3] else 0)
    body = text("MQTT") + bytes([version, flags]) + keepalive.to_bytes(2, "big")
    if version == 5:
        body += b"\x05\x11" + expiry.to_bytes(4, "big") if expiry is not None else b"\x00"
    body += text(client_id)
    if will:
        body += (b"\x00" if version == 5 else b"") + text(will[0]) + text(will[1])
    if user is not None:
        body += text(user)
    if password is not None:
        body += text(password)
    return packet(0x10, body)


def publish_packet(topic, payload=b"", qos=1, packet_id=1, dup=False, retain=False, version=4, properties=b""):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    body = text(topic) + (packet_id.to_bytes(2, "big") if qos else b"")
    if version == 5:
        body += bytes([len(properties)]) + properties
    return packet(0x30 | (8 if dup else 0) | qos << 1 | (1 if retain else 0), body + payload)


class Session:
    """A connection. Messages that come while something else is awaited are acknowledged and kept in `inbox`."""

    def __init__(self, port, user=None, password=None, client_id="raw", version=4, timeout=10, **options):
        self.version, self.timeout, self.buffer, self.next_id = version, timeout, bytearray(), 0
        self.inbox = []     # (topic, payload, qos, retain, dup)
        self.answers = {}   # (packet type, packet id) → reason code, 0 on 3.1.1
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(connect_packet(client_id, user, password, version, **options))
        try:
            kind, _, body = self.read(timeout)
        except Closed:
            self.close()
            raise Refused(None) from None
        if kind != CONNACK or body[1] != 0:
            self.close()
            raise Refused(body[1])
        self.session_present = bool(body[0] & 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Without DISCONNECT."""
        self.socket.close()

    def disconnect(self):
        self.send(b"\xe0\x00")
        self.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Closed(str(error)) from None

    def read(self, timeout):
        """(type, flags, body) of the next packet; None when none comes in time; Closed."""
        deadline = time.monotonic() + timeout
        while True:
            found = self._take()
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                data = self.socket.recv(1 << 16)
            except OSError as error:
                raise Closed(str(error)) from None
            if not data:
                raise Closed("end of file")
            self.buffer += data

    def _take(self):
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(self.buffer):
                return None
            digit = self.buffer[at]
            length |= (digit & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not digit & 0x80:
                break
        if len(self.buffer) < at + length:
            return None
        first, body = self.buffer[0], bytes(self.buffer[at:at + length])
        del self.buffer[:at + length]
        return first >> 4, first & 15, body

    def handle(self, found):
        """Keeps a message (and acknowledges it) or an answer."""
        kind, flags, body = found
        if kind == PUBLISH:
            qos, length = (flags >> 1) & 3, int.from_bytes(body[:2], "big")
            topic, at = body[2:2 + length].decode(), 2 + length
            packet_id = body[at:at + 2]
            at += 2 if qos else 0
            if self.version == 5:
                at += 1 + body[at]  # our broker sends fewer than 128 bytes of properties
            self.inbox.append((topic, body[at:], qos, bool(flags & 1), bool(flags & 8)))
            if qos == 1:
                self.send(packet(0x40, packet_id))
            elif qos == 2:
                self.send(packet(0x50, packet_id))
        elif kind == PUBREL:
            self.send(packet(0x70, body[:2]))
        elif kind in (PUBACK, PUBREC, PUBCOMP):
            code = body[2] if self.version == 5 and len(body) > 2 else 0
            self.answers[(kind, int.from_bytes(body[:2], "big"))] = code
        elif kind == SUBACK:
            self.answers[(kind, int.from_bytes(body[:2], "big"))] = body[-1]
        elif kind == DISCONNECT:
            raise Closed(f"DISCONNECT {body.hex()}")

    def pump(self, until, timeout=None, what="an answer"):
        """Reads until until() is true."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not until():
            found = self.read(max(0.0, deadline - time.monotonic()))
            if found is None:
                raise AssertionError(f"{what}: not in time")
            self.handle(found)

    def drain(self):
        """Handles what is there, without waiting."""
        while True:
            found = self.read(0)
            if found is None:
                return
            self.handle(found)

    def new_packet_id(self):
        self.next_id = self.next_id % 65535 + 1
        return self.next_id

    def subscribe(self, topic, qos=1):
        """The code of the SUBACK."""
        number = self.new_packet_id()
        body = number.to_bytes(2, "big") + (b"\x00" if self.version == 5 else b"") + text(topic) + bytes([qos])
        self.send(packet(0x82, body))
        self.pump(lambda: (SUBACK, number) in self.answers, what=f"SUBACK of {topic}")
        return self.answers[(SUBACK, number)]

    def publish(self, topic, payload=b"", qos=1, **options):
        """Sends; the packet id (0 for QoS 0)."""
        number = self.new_packet_id() if qos else 0
        self.send(publish_packet(topic, payload, qos, number, version=self.version, **options))
        return number

    def publish_acknowledged(self, topic, payload=b"", qos=1, **options):
        """The reason code of PUBACK, or of PUBREC (and then completes)."""
        number = self.publish(topic, payload, qos, **options)
        answer = PUBACK if qos == 1 else PUBREC
        self.pump(lambda: (answer, number) in self.answers, what=f"acknowledgement of {topic}")
        code = self.answers.pop((answer, number))
        if qos == 2 and code < 0x80:
            self.send(packet(0x62, number.to_bytes(2, "big")))
            self.pump(lambda: (PUBCOMP, number) in self.answers, what="PUBCOMP")
        return code
