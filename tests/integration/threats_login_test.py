"""Threats to the login (1, 9, 17, 26): what gets in, what it costs, and what others notice of it."""
import multiprocessing
import random
import select
import socket
import statistics
import time

from tests.support.load import Probe, figures, machine_is_loaded, percentile
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import CONNACK, Refused, Session, connect_packet, packet, text
from tests.support.waiting import wait_until

COLD_USERS = 200
P99_MS = 50
# Where other programs use the processors, too, the bound is one of order.
LOADED_FACTOR = 5
# The broker's loop derives at most one key in this time; slower attempts are all answered at once.
DERIVATION_INTERVAL_S = 0.26
RETRY_S = 0.3  # a library waits for a second; this one hurries


class Login:
    """One client that logs in as a library does: closed without a CONNACK means later, again."""

    def __init__(self, port, user, password, client_id):
        self.port, self.user, self.password, self.client_id = port, user, password, client_id
        self.code, self.socket, self.next_try, self.tries = None, None, 0.0, 0

    def begin(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), 10)
        self.socket.sendall(connect_packet(self.client_id, self.user, self.password))
        self.tries += 1

    def answer(self, now):
        data = b""
        try:
            data = self.socket.recv(64)
        except OSError:
            pass
        if len(data) >= 4 and data[0] >> 4 == CONNACK:
            self.code = data[3]
        self.socket.close()
        self.socket, self.next_try = None, now + RETRY_S


def login_all(logins, seconds):
    """Until each has its CONNACK; (code → how many, None for those that have none; seconds)."""
    start = time.monotonic()
    while time.monotonic() - start < seconds and any(one.code is None for one in logins):
        now = time.monotonic()
        for one in logins:
            if one.code is None and one.socket is None and one.next_try <= now:
                one.begin()
        open_ones = {one.socket: one for one in logins if one.code is None and one.socket is not None}
        for ready in select.select(list(open_ones), [], [], 0.05)[0]:
            open_ones[ready].answer(time.monotonic())
    codes = [one.code for one in logins]
    return {code: codes.count(code) for code in set(codes)}, time.monotonic() - start


def cold_logins(port, users, pipe):
    pipe.send(login_all([Login(port, user, f"pw-{user}", f"{user}-cold") for user in users], 60))


def bad_logins(port, seconds, seed, pipe):
    """Wrong passwords and unknown users, as fast as one process can, each time other ones."""
    numbers, end, tried = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        flood = [Login(port, numbers.choice(("alice", "bob", f"nobody{numbers.random()}"[:20])),
                       f"guess-{numbers.random()}", f"flood-{i}") for i in range(50)]
        for one in flood:
            one.begin()
        open_ones = {one.socket: one for one in flood}
        while open_ones and time.monotonic() < end + 5:
            for ready in select.select(list(open_ones), [], [], 1)[0]:
                open_ones.pop(ready).answer(time.monotonic())
                tried += 1
    pipe.send(tried)


class LoginThreats(ParleyTest):
    USERS = ("alice", "bob", "mallory")

    def answer(self, data, timeout=5):
        """The CONNACK code for raw bytes; None when the connection is closed without one."""
        with socket.create_connection(("127.0.0.1", self.broker.port), timeout) as connection:
            connection.sendall(data)
            try:
                got = connection.recv(64)
            except OSError:
                return None
        return got[3] if len(got) >= 4 and got[0] >> 4 == CONNACK else None

    def connect(self, flags, *fields, version=4):
        body = text("MQTT") + bytes([version, flags]) + b"\x00\x3c" + (b"\x00" if version == 5 else b"")
        return packet(0x10, body + b"".join(fields))

    def test_threat_01_a_user_or_password_that_is_missing_or_empty_is_refused(self):
        for version in (4, 5):
            for what, data in (
                    ("neither", self.connect(2, text("c1"), version=version)),
                    ("no password", self.connect(0x82, text("c1"), text("alice"), version=version)),
                    ("no user", self.connect(0x42, text("c1"), text("pw-alice"), version=version)),
                    ("empty password", self.connect(0xC2, text("c1"), text("alice"), text(""), version=version)),
                    ("empty user", self.connect(0xC2, text("c1"), text(""), text("pw-alice"), version=version)),
                    ("both empty", self.connect(0xC2, text("c1"), text(""), text(""), version=version)),
                    ("the flag and no field", self.connect(0xC2, text("c1"), text("alice"), version=version)),
                    ("a user of one zero byte", self.connect(0xC2, text("c1"), text("\x00"), text("x"), version=version)),
                    ("a zero byte before a good password",
                     self.connect(0xC2, text("c1"), text("alice"), text("\x00pw-alice"), version=version))):
                with self.subTest(what, version=version):
                    self.assertNotEqual(self.answer(data), 0)
        with self.raw("alice"):
            pass

    def test_threat_09_many_ids_are_not_squatted_and_a_victim_notices_nothing(self):
        victim = self.raw("alice", client_id="desk-0")
        victim.subscribe("chat/v1/clients/desk-0/acks/json")
        for version in (4, 5):
            for _ in range(20):
                with self.assertRaises(Refused):
                    Session(self.broker.port, "mallory", "pw-mallory", "desk-0", version=version)
        victim.send(b"\xc0\x00")
        self.assertEqual(victim.read(5)[0], 13, "the victim's session is untouched")
        for number in range(1, 100):  # clean sessions of mallory's, gone at once
            Session(self.broker.port, "mallory", "pw-mallory", f"desk-{number}", version=4 + number % 2).close()

        def mine(number):
            try:
                Session(self.broker.port, "alice", "pw-alice", f"desk-{number}").disconnect()
                return True
            except Refused:
                return False
        for number in range(1, 100):
            wait_until(lambda n=number: mine(n), what=f"desk-{number} is free again")

    def cost(self, user, number):
        """Milliseconds until a wrong password is refused by a CONNACK; None when it was put off."""
        start = time.monotonic()
        with self.assertRaises(Refused) as refusal:
            Session(self.broker.port, user, f"wrong-{number}", f"cost-{number}")
        return (time.monotonic() - start) * 1000 if refusal.exception.code == 5 else None

    def test_threat_17_an_unknown_user_costs_as_much_as_a_wrong_password(self):
        admin = self.admin()
        admin.command("createUser", username="away", password="pw-away")
        admin.command("disableUser", username="away")
        kinds = {"wrong password": lambda n: "alice", "unknown user": lambda n: f"nobody-{n}", "disabled user": lambda n: "away"}
        costs = {kind: [] for kind in kinds}
        number = 0
        while min(len(each) for each in costs.values()) < 11 and number < 120:
            for kind, user in kinds.items():
                number += 1
                took = self.cost(user(number), number)
                if took is not None:
                    costs[kind].append(took)
                time.sleep(DERIVATION_INTERVAL_S)  # so that the next one is derived on the loop, too
        medians = {kind: statistics.median(each) for kind, each in costs.items()}
        print("threat 17: median ms until refused:", {kind: round(value, 1) for kind, value in medians.items()})
        self.assertGreater(min(medians.values()), 5, "a key is derived for each of them")
        spread = max(medians.values()) / min(medians.values())
        self.assertLess(spread, 3 if machine_is_loaded() else 1.3, medians)


class Floods(ParleyTest):
    """What a client that has logged in notices. The floods come from another process."""

    USERS = ("alice", "bob", *(f"cold{number}" for number in range(COLD_USERS)))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker.stop()
        cls.broker.remove_key()  # as after a restart of the machine: no password is remembered
        cls.broker.start()

    def setUp(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                session = self.raw("alice", client_id="probe")
                break
            except Refused:
                self.assertLess(time.monotonic(), deadline)
        self.probe = Probe(session, "probe", self.lobby())

    def lobby(self):
        def made():
            try:
                return self.room({"alice": "owner"})
            except AssertionError:  # the administrator's password is cold, too
                return None
        return wait_until(made, 30, "the room")

    def during(self, target, *arguments):
        """(the latencies while target runs in a process of its own, what it sent)."""
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        process = context.Process(target=target, args=(self.broker.port, *arguments, there))
        process.start()
        try:
            latencies = self.probe.run(here.poll)
            return latencies, here.recv()
        finally:
            process.join(10)
            process.kill()
            here.close()
            there.close()

    def check(self, name, before, latencies):
        loaded = machine_is_loaded()
        print(figures(f"{name}, before", before))
        print(figures(f"{name}, meanwhile", latencies) + (" (the machine is loaded)" if loaded else ""))
        self.assertLess(percentile(latencies, 0.99), P99_MS * (LOADED_FACTOR if loaded else 1))

    def test_1_two_hundred_cold_logins_at_once_hold_nobody_up(self):
        before = self.probe.run_for(1)
        latencies, (codes, seconds) = self.during(cold_logins, [f"cold{number}" for number in range(COLD_USERS)])
        print(f"{COLD_USERS} cold logins took {seconds:.1f} s")
        self.assertEqual(codes, {0: COLD_USERS}, "every one of them gets in")
        self.check("cold logins", before, latencies)
        with self.raw("cold7") as session:
            self.assertFalse(session.session_present, "and is remembered from here on")

    def test_threat_26_a_flood_of_bad_logins_holds_nobody_up(self):
        before = self.probe.run_for(1)
        latencies, tried = self.during(bad_logins, 6, random.randrange(1 << 30))
        print(f"{tried} bad logins in 6 s")
        self.assertGreater(tried, 100)
        self.check("bad logins", before, latencies)
        with self.raw("alice"):
            pass  # who is remembered gets in at once


if __name__ == "__main__":
    main()
