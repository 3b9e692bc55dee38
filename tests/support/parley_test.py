"""The base of the integration tests: a broker for each class, users and rooms on demand."""
import itertools
import unittest

from tests.support.broker import Broker
from tests.support.client import V311, V5, Client
from tests.support.raw import Session

__all__ = ["ParleyTest", "V311", "V5", "main"]
VERSIONS = (V311, V5)


class ParleyTest(unittest.TestCase):
    """USERS exist with the password pw-{name}. BRIDGE: start one, too."""

    USERS = ("alice", "bob", "carol", "mallory")
    BRIDGE = False
    BRIDGE_OPTIONS = ()
    OPTIONS = ()
    PLUGIN_OPTIONS = ()
    _numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(bridge=cls.BRIDGE, options=cls.OPTIONS, plugin_options=cls.PLUGIN_OPTIONS,
                            bridge_options=cls.BRIDGE_OPTIONS)
        cls.addClassCleanup(cls.broker.close)
        try:
            cls.broker.start()
        except AssertionError:
            cls.broker.print_logs()
            raise
        with cls.make_admin() as admin:
            for response in admin.control(*[{"command": "createUser", "username": user, "password": f"pw-{user}"}
                                            for user in cls.USERS]):
                assert not response.get("error"), response

    @classmethod
    def make_admin(cls, **options):
        client = Client(cls.broker, *cls.broker.credentials(), **options).connect()
        client.subscribe("$CONTROL/parley/v1/response")
        return client

    def run(self, result=None):
        """As usual, and prints the logs of the daemons when the test failed."""
        before = len(result.failures) + len(result.errors) if result else 0
        outcome = super().run(result)
        if result and len(result.failures) + len(result.errors) > before and hasattr(self, "broker"):
            print(f"=== {self.id()}")
            self.broker.print_logs()
        return outcome

    def admin(self):
        client = self.make_admin()
        self.addCleanup(client.close)
        return client

    def client(self, user, **options):
        """A connected client that is closed at the end of the test."""
        client = Client(self.broker, user, f"pw-{user}", **options)
        self.addCleanup(client.close)
        return client.connect()

    def raw(self, user, client_id=None, **options):
        """A connected bare session."""
        session = Session(self.broker.port, user, f"pw-{user}",
                          client_id or f"{user}-raw-{next(self._numbers)}", **options)
        self.addCleanup(session.close)
        return session

    def room(self, members, kind="group", name=None):
        """A new room; members: {user: role}."""
        name = name or f"room-{next(self._numbers)}"
        with self.make_admin() as admin:
            admin.command("createRoom", room=name, kind=kind,
                          members=[{"user": user, "role": role} for user, role in members.items()])
        return name

    def reconnect(self, client):
        """A new client in the place of one whose broker is gone: same user, client id and version."""
        client.close()
        return self.client(client.user, client_id=client.client_id, version=client.version, clean=client.clean)

    def texts(self, events):
        """The texts of those events that have one."""
        return [event["text"]["text"] for event in events if "text" in event]

    def assert_contiguous(self, events, first=1):
        self.assertEqual([int(event["seq"]) for event in events], list(range(first, first + len(events))))


def main():
    unittest.main(verbosity=2)
