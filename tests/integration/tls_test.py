#!/usr/bin/python3
"""TLS and websockets with a stock client, with passwords and with certificates in their place."""
import os
import shutil
import socket
import ssl
import subprocess

import paho.mqtt.client as mqtt

from tests.support.broker import ROOT, temporary_folder
from tests.support.client import Client
from tests.support.parley_test import ParleyTest, main
from tests.support.raw import connect_packet
from tests.support.waiting import free_port, wait_until

SCRIPT = os.path.join(ROOT, "scripts/make-test-ca")
CERTIFIED = ("alice", "stranger", "revoked", "bridge", "gone", "late")


class TlsTest(ParleyTest):
    USERS = ("alice", "bob", "revoked", "gone", "late")

    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder()
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        subprocess.run([SCRIPT, cls.folder, *CERTIFIED, "--revoke", "revoked"], check=True, timeout=60)
        cls.ports = {name: free_port() for name in ("password", "websockets", "certificate")}
        keys = [f"cafile {cls.folder}/ca.crt", f"certfile {cls.folder}/server.crt", f"keyfile {cls.folder}/server.key"]
        identity = ["require_certificate true", "use_identity_as_username true", f"crlfile {cls.folder}/ca.crl"]
        cls.OPTIONS = [f"listener {cls.ports['password']} 127.0.0.1", *keys,
                       f"listener {cls.ports['websockets']} 127.0.0.1", "protocol websockets", *keys,
                       f"listener {cls.ports['certificate']} 127.0.0.1", *keys, *identity]
        super().setUpClass()

    def tls(self, user, port, certificate=None, transport="tcp", client_id=None, clean=True, password=True):
        """A client over TLS; `certificate`: whose it shows."""
        client = Client(self.broker, user, f"pw-{user}", client_id=client_id, clean=clean)
        if transport != "tcp":
            callbacks = {name: getattr(client.mqtt, name) for name in
                         ("on_connect", "on_disconnect", "on_subscribe", "on_publish", "on_message")}
            client.mqtt = mqtt.Client(client.client_id, clean_session=clean, transport=transport)
            for name, callback in callbacks.items():
                setattr(client.mqtt, name, callback)
            client.mqtt.username_pw_set(user, f"pw-{user}")
        if not password:
            client.mqtt._username = client.mqtt._password = None
        if port != self.broker.ws_port:
            own = {"certfile": f"{self.folder}/{certificate}.crt", "keyfile": f"{self.folder}/{certificate}.key"}
            client.mqtt.tls_set(f"{self.folder}/ca.crt", cert_reqs=ssl.CERT_REQUIRED, **(own if certificate else {}))
        self.addCleanup(client.close)
        client.mqtt.connect("127.0.0.1", port)
        client.mqtt.loop_start()
        return client

    def connected(self, client):
        client.wait(lambda: client.connack is not None, what="CONNACK")
        self.assertEqual(client.connack, 0)
        client.subscribe(f"chat/v1/clients/{client.client_id}/acks/json")
        return client

    def certified(self, user, **options):
        return self.tls(user, self.ports["certificate"], certificate=user, password=False, **options)

    def assert_chats(self, client):
        room = self.room({client.user: "owner"})
        client.subscribe(f"chat/v1/rooms/{room}/events/json")
        ack = client.say(room, "over the wire")
        event = client.wait(lambda: [e for e in client.seen(room) if e["seq"] == ack["seq"]], what="the event")[0]
        self.assertEqual(event["sender"], client.user)

    def assert_thrown_out(self, client):
        """It gets nothing, and is disconnected."""
        client.wait(lambda: client.connack == 0 or client.disconnects, what="CONNACK")
        client.mqtt.subscribe(f"chat/v1/clients/{client.client_id}/acks/json", 1)
        client.wait(lambda: client.disconnects, what="the end of the connection")
        self.assertFalse([codes for codes in client.subacks.values() if codes[0] < 0x80])

    def test_a_password_over_tls(self):
        self.assert_chats(self.connected(self.tls("alice", self.ports["password"])))

    def test_a_password_over_tls_websockets_and_plain_ones(self):
        for port in (self.ports["websockets"], self.broker.ws_port):
            self.assert_chats(self.connected(self.tls("bob", port, transport="websockets")))

    def test_a_certificate_does_not_replace_the_password_where_it_is_not_meant_to(self):
        client = self.tls("alice", self.ports["password"], certificate="alice", password=False)
        client.wait(lambda: client.connack is not None or client.disconnects, what="the refusal")
        self.assertNotEqual(client.connack, 0)

    def test_a_certificate_is_a_user(self):
        self.assert_chats(self.connected(self.certified("alice")))

    def test_the_name_in_connect_means_nothing_beside_the_certificate(self):
        client = self.tls("bob", self.ports["certificate"], certificate="alice")
        client.wait(lambda: client.connack == 0, what="CONNACK")
        client.user = "alice"
        self.assert_chats(self.connected(client))

    def handshake_fails(self, certificate=None):
        """A bare client that goes as far as it can: the server ends it in the handshake, or right after it."""
        context = ssl.create_default_context(cafile=f"{self.folder}/ca.crt")
        if certificate:
            context.load_cert_chain(f"{self.folder}/{certificate}.crt", f"{self.folder}/{certificate}.key")
        try:
            with socket.create_connection(("127.0.0.1", self.ports["certificate"]), 10) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as session:
                    session.sendall(connect_packet("tls-bare"))
                    return session.recv(4) == b""
        except (ssl.SSLError, ConnectionError):
            return True

    def test_without_a_certificate_nobody_gets_in(self):
        self.assertTrue(self.handshake_fails())
        self.assertFalse(self.handshake_fails("alice"))

    def test_a_revoked_certificate_is_refused(self):
        self.assertTrue(self.handshake_fails("revoked"))

    def test_a_certificate_of_no_user_is_thrown_out(self):
        self.assert_thrown_out(self.certified("stranger"))
        wait_until(lambda: "certificate of stranger: no such user" in self.broker.log(), 10)

    def test_the_bridge_is_not_to_be_had_by_certificate(self):
        client = self.certified("bridge")
        client.wait(lambda: client.connack == 0 or client.disconnects, what="CONNACK")
        client.mqtt.subscribe("$parley/requests", 1)
        client.wait(lambda: client.disconnects, what="the end of the connection")
        self.assertFalse([codes for codes in client.subacks.values() if codes[0] < 0x80])

    def test_a_deleted_user_is_thrown_out_and_stays_out(self):
        client = self.connected(self.certified("gone"))
        self.admin().command("deleteUser", username="gone")
        client.wait(lambda: client.disconnects, 5, "the kick")
        client.close()
        self.assert_thrown_out(self.certified("gone"))

    def test_a_client_id_of_another_user_is_not_taken_over(self):
        victim = self.client("bob", client_id="bob-phone", clean=False)
        room = self.room({"bob": "owner"})
        victim.subscribe(f"chat/v1/rooms/{room}/events/json")
        thief = self.certified("alice", client_id="bob-phone", clean=False)
        self.assert_thrown_out(thief)
        self.assertEqual(thief.seen(), [])
        wait_until(lambda: "not its client id" in self.broker.log(), 10)

    def test_a_session_by_certificate_keeps_its_queue(self):
        client = self.connected(self.certified("late", client_id="late-1", clean=False))
        room = self.room({"late": "member", "alice": "owner"})
        client.subscribe(f"chat/v1/rooms/{room}/events/json")
        client.close()
        message_id = self.client("alice").send(room, "while away")
        back = self.certified("late", client_id="late-1", clean=False)
        back.wait_event(message_id)

    def test_sighup_keeps_sessions_by_certificate(self):
        client = self.connected(self.certified("alice"))
        before = self.broker.log().count("Reloading config")
        self.broker.hang_up()
        wait_until(lambda: self.broker.log().count("Reloading config") > before, 10, "the reload")
        self.assert_chats(client)
        self.assertEqual(client.disconnects, 0)


class MakeTestCaTest(ParleyTest):
    @classmethod
    def setUpClass(cls):
        """No broker."""

    def test_keys_are_private_and_a_second_run_changes_nothing(self):
        folder = temporary_folder()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        subprocess.run([SCRIPT, folder, "one"], check=True, timeout=60)
        before = {name: open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)}
        for name in before:
            if name.endswith(".key"):
                self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o777, 0o600, name)
        subprocess.run([SCRIPT, folder, "one", "two"], check=True, timeout=60)
        for name, content in before.items():
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(file.read(), content, name)
        self.assertTrue(os.path.exists(os.path.join(folder, "two.crt")))

    def test_bad_arguments_get_one_line(self):
        for words in ([], ["--what"], ["/tmp/x", "No Name"], ["/tmp/x", "--host"], ["/tmp/x", "ca"]):
            run = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=30)
            self.assertNotEqual(run.returncode, 0, words)
            self.assertTrue(run.stderr)


if __name__ == "__main__":
    main()
