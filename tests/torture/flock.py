"""Many cheap MQTT clients in one thread: each connects, says that it is alive, flaps and dies at random."""
import errno
import random
import selectors
import socket
import time

from tests.support.raw import connect_packet

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"


class Device:
    """One client id of one user, on a socket that never blocks."""

    def __init__(self, flock, user, password, client_id):
        self.flock, self.user, self.password, self.client_id = flock, user, password, client_id
        self.socket, self.connected, self.silent_since = None, False, None
        self.buffer, self.ping_at, self.act_at = b"", 0.0, 0.0
        self.ghosts = []  # sockets that were taken over or left open, to be closed at the end

    def connect(self):
        """Begins; a connection that is there stays open and is taken over."""
        if self.socket:
            self.flock.selector.unregister(self.socket)
            self.ghosts.append(self.socket)
        self.socket, self.connected, self.silent_since, self.buffer = socket.socket(), False, None, b""
        self.socket.setblocking(False)
        code = self.socket.connect_ex(("127.0.0.1", self.flock.port))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, "connect")
        self.flock.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def writable(self):
        self.socket.send(connect_packet(self.client_id, self.user, self.password,
                                        keepalive=self.flock.keep_alive))
        self.flock.selector.modify(self.socket, selectors.EVENT_READ, self)

    def readable(self, now):
        try:
            data = self.socket.recv(4096)
        except OSError:
            data = b""
        if not data:
            return self.drop()
        self.buffer += data
        if not self.connected and len(self.buffer) >= 4:
            if self.buffer[0] != 0x20 or self.buffer[3] != 0:
                return self.drop()
            self.connected, self.ping_at = True, now + self.flock.keep_alive / 2
            self.flock.logins += 1
        if self.connected:
            self.buffer = b""  # answers to pings
        return None

    def drop(self):
        """Without a word."""
        if self.socket:
            self.flock.selector.unregister(self.socket)
            self.socket.close()
        self.socket, self.connected, self.silent_since = None, False, None

    def leave(self):
        try:
            self.socket.send(DISCONNECT)
        except OSError:
            pass
        self.drop()

    def ping(self, now):
        self.ping_at = now + self.flock.keep_alive / 2
        try:
            self.socket.send(PINGREQ)
        except OSError:
            self.drop()

    def close(self):
        self.drop()
        for ghost in self.ghosts:
            ghost.close()


class Flock:
    """`people`: [(user, password)], each with so many devices."""

    def __init__(self, port, people, devices, keep_alive, seed):
        self.port, self.keep_alive, self.random = port, keep_alive, random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.devices = [Device(self, user, password, f"{user}-{i}")
                        for user, password in people for i in range(devices)]
        self.logins, self.actions = 0, 0

    def turn(self, seconds=0.02):
        """Serves the sockets for a moment."""
        now = time.monotonic()
        for key, mask in self.selector.select(seconds):
            device = key.data
            if device.socket is not key.fileobj:
                continue
            if mask & selectors.EVENT_WRITE:
                device.writable()
            else:
                device.readable(now)
        now = time.monotonic()
        for device in self.devices:
            if device.connected and device.silent_since is None and now >= device.ping_at:
                device.ping(now)

    def act(self, pause_s):
        """What each device does when its time has come; on average once in pause_s."""
        now = time.monotonic()
        for device in self.devices:
            if now < device.act_at:
                continue
            device.act_at = now + self.random.expovariate(1 / pause_s)
            self.actions += 1
            if device.socket is None:
                device.connect()
            elif not device.connected or device.silent_since is not None:
                continue
            else:
                choice = self.random.random()
                if choice < 0.3:
                    device.leave()
                elif choice < 0.5:
                    device.drop()
                elif choice < 0.6:
                    device.silent_since = now  # the broker will find out
                elif choice < 0.85:
                    device.leave()
                    device.connect()
                else:
                    device.connect()  # takes over

    def settled(self):
        """No connection is under way."""
        return all(device.socket is None or device.connected for device in self.devices)

    def truth(self):
        """user → devices that are connected and alive."""
        online = {}
        for device in self.devices:
            if device.connected and device.silent_since is None:
                online[device.user] = online.get(device.user, 0) + 1
        return online

    def close(self):
        for device in self.devices:
            device.close()
        self.selector.close()
