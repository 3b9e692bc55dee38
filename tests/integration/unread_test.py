"""Unread, mentions, cursors and receipts equal a naive recount after random streams of commands, through restarts of
the bridge, of the broker and of both. PARLEY_TEST_SEED repeats a run."""
import os
import random
from dataclasses import dataclass, field

from tests.support.parley_test import V5, ParleyTest, main
from tests.support.waiting import wait_until

USERS = ("alice", "bob", "carol", "dave")
BURSTS = 24
STEPS = 25
ROOMS_MAX = 10
RESTART_AFTER = 4  # bursts


@dataclass
class Member:
    """A present membership."""
    role: str
    visible_from: int
    read: int = 0
    delivered: int = 0
    mentions: list = field(default_factory=list)  # seqs of messages that name this member, sent while they were one


class Room:
    """What a reader of the protocol knows of a room."""

    def __init__(self, name, since_join, members):
        self.name, self.since_join = name, since_join
        self.senders = [None]  # by seq - 1; None = no message (the members at the start)
        self.members = {user: Member(role, 1) for user, role in members.items()}

    @property
    def head(self):
        return len(self.senders)

    def add(self, user):
        self.senders.append(None)
        self.members[user] = Member("MEMBER", self.head if self.since_join else 1)

    def remove(self, user):
        self.senders.append(None)
        del self.members[user]

    def set_role(self, user, role):
        self.senders.append(None)
        self.members[user].role = role

    def say(self, user, mentions):
        self.senders.append(user)
        for named in set(mentions) - {user}:
            if named in self.members:
                self.members[named].mentions.append(self.head)

    def move(self, user, read, delivered):
        member = self.members[user]
        member.read = max(member.read, min(read, self.head))
        member.delivered = max(member.delivered, member.read, min(delivered, self.head))

    def state(self, user):
        """(role, head, first, read, unread, mentions) as `sync` and `rooms.list` have to say."""
        member = self.members[user]
        behind = max(member.read, member.visible_from - 1)
        unread = sum(sender not in (None, user) for sender in self.senders[behind:])
        mentions = sum(seq > behind for seq in member.mentions)
        return member.role, self.head, member.visible_from, member.read, unread, mentions

    def receipts(self, seq):
        """{user: (read, delivered)} of those who may see the event."""
        return {user: (member.read, member.delivered) for user, member in self.members.items()
                if member.visible_from <= seq}


class Unread(ParleyTest):
    BRIDGE = True
    USERS = USERS

    def setUp(self):
        self.seed = int(os.environ.get("PARLEY_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
        self.random = random.Random(self.seed)
        self.rooms, self.made = {}, 0
        self.clients = {user: self.client(user, version=V5) for user in USERS}
        self.boss = self.admin()
        self.known = {user: {} for user in USERS}    # by repeated syncs: room → state
        self.cursors = {user: "0" for user in USERS}
        self.useqs = {user: None for user in USERS}  # of the newest inbox item

    # The commands.

    def make_room(self):
        self.made += 1
        name, since_join = f"room{self.made}", self.random.random() < 0.5
        members = {user: self.random.choice(("OWNER", "MEMBER", "MEMBER", "READER"))
                   for user in self.random.sample(USERS, self.random.randint(1, len(USERS)))}
        self.boss.command("createRoom", room=name, kind="group", history="since_join" if since_join else "all",
                          members=[{"user": user, "role": role.lower()} for user, role in members.items()])
        self.rooms[name] = Room(name, since_join, members)

    def step(self):
        if not self.rooms or (len(self.rooms) < ROOMS_MAX and self.random.random() < 0.05):
            return self.make_room()
        room = self.random.choice(list(self.rooms.values()))
        user = self.random.choice(USERS)
        member, choice = room.members.get(user), self.random.random()
        if choice < 0.02:
            self.boss.command("deleteRoom", room=room.name)
            del self.rooms[room.name]
        elif choice < 0.15:
            self.change_membership(room, user)
        elif choice < 0.45 and member:
            # Past the head only when it shows that the cursor has been applied.
            read = self.random.randint(1, room.head + (member.read < room.head))
            delivered = self.random.choice((0, read, room.head))
            cursor = {"read": str(read), "delivered": str(delivered)}
            self.clients[user].publish_acknowledged(f"chat/v1/rooms/{room.name}/cursor/json", cursor)
            room.move(user, read, delivered)
            if read > room.head:  # the head that it is held to is that of when it is applied
                self.settle_receipts(user, room, room.head)
        elif member and member.role != "READER":
            mentions = self.random.sample(USERS, self.random.randint(0, 2))
            ack = self.clients[user].say(room.name, "hello", mentions=mentions)
            room.say(user, mentions)
            self.assertEqual(int(ack["seq"]), room.head)
        return None

    def change_membership(self, room, user):
        if user not in room.members:
            self.boss.command("addMember", room=room.name, user=user, role="member")
            room.add(user)
        elif self.random.random() < 0.6:
            self.settle_cursors()
            self.boss.command("removeMember", room=room.name, user=user)
            room.remove(user)
        else:
            role = self.random.choice(("OWNER", "MODERATOR", "MEMBER", "READER"))
            if room.members[user].role == role:
                return
            self.boss.command("setMemberRole", room=room.name, user=user, role=role.lower())
            room.set_role(user, role)

    def restart(self):
        """Of the bridge, of the broker (killed), or of both."""
        which = self.random.choice(("bridge", "broker", "both"))
        if which != "broker":
            self.broker.bridge.stop()
        if which != "bridge":
            self.broker.kill9()
            self.broker.start_broker()
        if which != "broker":
            self.broker.start_bridge()
        if which != "bridge":
            self.clients = {user: self.reconnect(client) for user, client in self.clients.items()}
            self.boss.close()
            self.boss = self.admin()
        wait_until(lambda: self.clients["alice"].request("rooms.list")["code"] == "OK", 30, f"{which} is back")

    # What the server says.

    def ask(self, user, method, **body):
        reply = self.clients[user].request(method, **body)
        self.assertEqual(reply["code"], "OK", reply)
        return reply

    @staticmethod
    def state(room):
        return (room["role"], *(int(room[name]) for name in ("head", "first", "read", "unread", "mentions")))

    def listed(self, user):
        rooms, page = {}, ""
        while True:
            reply = self.ask(user, "rooms.list", limit=3, page=page)
            rooms.update({room["room"]: self.state(room) for room in reply["rooms"]})
            page = reply["page"]
            if not reply["more"]:
                return rooms

    def synced(self, user, cursor, limit=3):
        """(rooms, names that were left, inbox, cursor) of all pages."""
        rooms, left, inbox = {}, set(), []
        while True:
            reply = self.ask(user, "sync", cursor=cursor, limit=limit, eventsPerRoom=1)
            for room in reply["rooms"]:
                if room["left"]:
                    left.add(room["room"])
                else:
                    rooms[room["room"]] = self.state(room)
            inbox += reply["inbox"]
            cursor = reply["cursor"]
            if not reply["more"]:
                return rooms, left, inbox, cursor

    def truth(self, user):
        return {room.name: room.state(user) for room in self.rooms.values() if user in room.members}

    def settle_cursors(self):
        """Moves may wait for others to join them; what is said is what counts in the end."""
        for user in USERS:
            wait_until(lambda u=user: self.listed(u) == self.truth(u), 10,
                       f"rooms.list of {user}: {self.listed(user)}, not {self.truth(user)}")

    def check(self):
        self.settle_cursors()
        for user in USERS:
            truth = self.truth(user)
            rooms, left, _, _ = self.synced(user, "0", self.random.randint(1, 20))
            self.assertEqual((rooms, left), (truth, set()), f"a first sync of {user}")
            rooms, left, inbox, self.cursors[user] = self.synced(user, self.cursors[user], self.random.randint(1, 20))
            known = self.known[user]
            for name in left:
                known.pop(name, None)
            known.update(rooms)
            self.assertEqual(known, truth, f"the syncs of {user} together")
            self.check_inbox(user, inbox)
            for room in self.rooms.values():
                if user in room.members:
                    self.check_receipts(user, room)

    def check_inbox(self, user, inbox):
        useqs = [int(item["useq"]) for item in inbox]
        if useqs:
            first = useqs[0] if self.useqs[user] is None else self.useqs[user] + 1
            self.assertEqual(useqs, list(range(first, first + len(useqs))), f"the inbox of {user} has no gap")
            self.useqs[user] = useqs[-1]

    def receipts(self, user, room, seq):
        """({user: (read, delivered)}, the last page)."""
        receipts, page = {}, ""
        while True:
            reply = self.ask(user, "receipts.get", room=room.name, seq=str(seq), limit=2, page=page)
            receipts.update({r["user"]: (int(r["read"]), int(r["delivered"])) for r in reply["receipts"]})
            page = reply["page"]
            if not reply["more"]:
                return receipts, reply

    def settle_receipts(self, user, room, seq):
        truth = room.receipts(seq)
        wait_until(lambda: self.receipts(user, room, seq)[0] == truth, 10, f"receipts of {room.name} #{seq}: {truth}")

    def check_receipts(self, user, room):
        seq = self.random.randint(room.members[user].visible_from, room.head)
        self.settle_receipts(user, room, seq)  # what is delivered shows nowhere else
        _, reply = self.receipts(user, room, seq)
        truth = room.receipts(seq)
        self.assertEqual((reply["members"], reply["readBy"], reply["deliveredTo"]),
                         (len(truth), sum(read >= seq for read, _ in truth.values()),
                          sum(delivered >= seq for _, delivered in truth.values())))

    def test_equal_a_naive_recount(self):
        print(f"PARLEY_TEST_SEED={self.seed}", flush=True)
        with self.subTest(seed=self.seed):
            for burst in range(BURSTS):
                for _ in range(self.random.randint(1, STEPS)):
                    self.step()
                if burst % RESTART_AFTER == RESTART_AFTER - 1:
                    self.settle_cursors()
                    self.restart()
                self.check()


if __name__ == "__main__":
    main()
