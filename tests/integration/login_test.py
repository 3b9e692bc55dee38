"""Who gets in, and who is put out."""
import time

from tests.support.client import V5, Client, new_id
from tests.support.parley_test import VERSIONS, ParleyTest, main
from tests.support.raw import Closed, Refused, Session
from tests.support.waiting import wait_until


class Login(ParleyTest):
    def refused(self, user, password, client_id=None, **options):
        """The CONNACK code of a refused login, None when it was closed without one."""
        client_id = client_id if client_id is not None else f"x-{new_id()[:8]}"
        try:
            session = Session(self.broker.port, user, password, client_id, **options)
        except Refused as refusal:
            return refusal.code
        session.close()
        self.fail(f"{user!r}/{password!r} was let in")

    def test_wrong_credentials(self):
        for version in (4, 5):
            for user, password in (("alice", "wrong"), ("alice", ""), ("alice", None), ("alice", "pw-bob"),
                                   ("nobody", "x"), ("nobody", ""), ("", ""), ("", "x"), (None, None),
                                   ("ALICE", "pw-alice"), ("alice ", "pw-alice"), ("alice/+", "x"), ("#", "x"),
                                   ("$SYS", "x"), ("a" * 65, "x"), ("a" * 10_000, "x"), ("alice", "x" * 60_000),
                                   ("alice", "pw-alice\x00"[:-1] + "x"), ("dm:alice:bob", "x")):
                with self.subTest(user=user and user[:20], password=password and password[:20], version=version):
                    # Too many wrong ones at once are closed without a CONNACK.
                    self.assertIn(self.refused(user, password, version=version), (None, 5, 0x86, 0x87, 4, 0x85))

    def test_bad_client_ids(self):
        for version in (4, 5):
            for client_id in ("with space", "a/b", "+", "#", "é", "x" * 129, "a\x1b[31m"):
                with self.subTest(client_id[:20], version=version):
                    self.refused("alice", "pw-alice", client_id, version=version)

    def test_a_good_login_after_bad_ones(self):
        for _ in range(5):
            self.refused("alice", "wrong")
        self.client("alice")

    def test_a_client_id_belongs_to_its_user_while_there_is_a_session(self):
        victim = self.client("alice", client_id="phone-1")
        for version in (4, 5):
            self.refused("bob", "pw-bob", "phone-1", version=version)
        wait_until(lambda: "client id phone-1 belongs to alice" in self.broker.log(), what="the log line")
        self.assertEqual(victim.disconnects, 0, "the victim stays")

    def test_a_binding_ends_with_its_session(self):
        alice = self.client("alice", client_id="shared-desk")
        alice.close()

        def free():
            try:
                Session(self.broker.port, "bob", "pw-bob", "shared-desk").disconnect()
                return True
            except Refused:
                return False
        wait_until(free, what="the id is free again")

    def test_a_binding_of_a_session_with_an_expiry_stays(self):
        for version in VERSIONS:
            client_id = f"kept-{version}"
            alice = self.client("alice", client_id=client_id, version=version, clean=False)
            alice.close()
            self.refused("bob", "pw-bob", client_id)
            self.client("alice", client_id=client_id, version=version, clean=False).close()

    def test_the_same_user_takes_over_its_own_client_id(self):
        first = self.client("alice", client_id="mine", version=V5)
        second = Client(self.broker, "alice", "pw-alice", client_id="mine", version=V5)
        self.addCleanup(second.close)
        first.mqtt.reconnect_delay_set(60, 60)  # or the two take turns
        second.connect()
        first.wait(lambda: first.disconnects)
        self.assertEqual(second.disconnects, 0)

    def test_sighup_keeps_every_session(self):
        lobby = self.room({"alice": "owner", "bob": "member"})
        alice, bob = self.client("alice"), self.client("bob", version=V5)
        away = self.client("bob", client_id="bob-away", version=V5, clean=False)
        away.subscribe(f"chat/v1/rooms/{lobby}/events/json")
        away.close()
        bob.subscribe(f"chat/v1/rooms/{lobby}/events/json")
        self.broker.hang_up()
        wait_until(lambda: "Reloading config" in self.broker.log(), what="the reload")
        bob.wait_event(alice.send(lobby, "after the reload"))
        self.assertEqual((alice.disconnects, bob.disconnects), (0, 0))
        back = Session(self.broker.port, "bob", "pw-bob", "bob-away", version=5, clean=False, expiry=60)
        self.assertTrue(back.session_present)
        back.pump(lambda: any(b"after the reload" in message[1] for message in back.inbox))
        back.close()

    def test_a_changed_password_ends_sessions_within_a_second(self):
        name = f"u{new_id()[:8]}"
        admin = self.admin()
        admin.command("createUser", username=name, password=f"pw-{name}")
        session = Session(self.broker.port, name, f"pw-{name}", f"{name}-1")
        admin.command("setUserPassword", username=name, password="another")
        start = time.monotonic()
        with self.assertRaises(Closed):
            session.pump(lambda: False, timeout=5)
        self.assertLess(time.monotonic() - start, 1)
        self.refused(name, f"pw-{name}")
        Session(self.broker.port, name, "another", f"{name}-2").disconnect()

    def test_a_deleted_user_is_put_out_within_a_second(self):
        name = f"u{new_id()[:8]}"
        admin = self.admin()
        admin.command("createUser", username=name, password=f"pw-{name}")
        session = Session(self.broker.port, name, f"pw-{name}", f"{name}-1")
        admin.command("deleteUser", username=name)
        start = time.monotonic()
        with self.assertRaises(Closed):
            session.pump(lambda: False, timeout=5)
        self.assertLess(time.monotonic() - start, 1)
        self.refused(name, f"pw-{name}")

    def test_logins_after_a_restart(self):
        self.broker.restart()
        self.client("alice")
        self.refused("alice", "wrong")


if __name__ == "__main__":
    main()
