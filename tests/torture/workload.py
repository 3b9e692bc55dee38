"""Load on a broker that keeps dying, and a log of all that was asked, answered and seen.

The log is JSON lines, one record each, written by one thread at a time; "t" is the monotonic time in seconds:
  {"r":"inv",  "user", "room", "id", "text"}             before the first PUBLISH of a message
  {"r":"puback","user", "room", "id"}                     PUBACK or PUBREC came
  {"r":"ack",  "user", "room", "id", "code", "seq", "feed", "duplicate"}
  {"r":"live", "by", "session", "topic", "room", "seq", "event"}   a delivery; a session is client#connection
  {"r":"synced", "by", "session", "rooms": {room: events}}         all that a subscriber fetched after a connect
  {"r":"gone", "session"}                                 a subscriber's connection is over
  {"r":"ask",  "request", "room"}                         before a page is asked for
  {"r":"read", "by", "request", "room", "after", "limit", "code", "reason", "events", "head", "more"}
  {"r":"history", "by", "room", "events", "head"}         a full read at the end
  {"r":"pages", "how", "room", "events"}                  the same again, by other pages, joined
  {"r":"fault", "what"}   {"r":"heal", "bound"}           something breaks; from here on answers come within `bound` seconds
  {"r":"resources", "of", "descriptors", "memory_kib"}    of a process, before and after
  {"r":"exit", "of", "code", "reason"}                    a daemon ended by itself
Nothing is judged here: auditor.py does that, from the log alone.
"""
import json
import os
import random
import threading
import time

from tests.support.client import Client
from tests.support.raw import PUBACK, PUBREC, packet, publish_packet
from tests.support.waiting import wait_until
from tests.torture.listeners import PageReader, Subscriber
from tests.torture.worker import Log, Worker

__all__ = ["Log", "Workload", "make_users_and_rooms", "read_at_rest", "write_resources"]


class Publisher(Worker):
    """Sends texts at QoS 1 or 2, up to `window` unanswered; what has no PUBACK after a connection is lost goes out again with
    the same ids, in order. Ends when told to and everything is answered.

    `trusting`: like any stock client, it never sends again what got a PUBACK: if the broker loses that, it is lost. Otherwise
    it sends again until the ack has come, which tries the duplicates."""

    def __init__(self, broker, log, user, client_id, rooms, qos, seed, trusting, window=20):
        super().__init__(broker, log, user, client_id)
        self.random, self.rooms, self.qos, self.window = random.Random(seed), rooms, qos, window
        self.trusting, self.trusted = trusting, 0
        self.count, self.open = 0, {}  # id → [room, text, PUBACK seen]
        self.draining = threading.Event()

    def stop(self):
        self.draining.set()

    def finished(self):
        return self.stopping.is_set() or (self.draining.is_set() and not self.open)

    def serve(self, session):
        session.subscribe(f"chat/v1/clients/{self.client_id}/acks/json")
        if self.trusting:
            taken = [message_id for message_id, message in self.open.items() if message[2]]
            self.trusted += len(taken)
            for message_id in taken:
                del self.open[message_id]
        numbers = {}  # packet id → message id
        for message_id in list(self.open):
            self.publish(session, numbers, message_id)
        while not self.finished():
            while len(self.open) < self.window and not self.draining.is_set():
                self.count += 1
                message_id, room = f"{self.client_id}-{self.count}", self.random.choice(self.rooms)
                text = f"{self.count} " + "x" * self.random.choice((0, 10, 200, 2000))
                self.log.write(r="inv", user=self.user, room=room, id=message_id, text=text)
                self.open[message_id] = [room, text, False]
                self.publish(session, numbers, message_id)
            found = session.read(0.5)
            if found:
                session.handle(found)
                self.take(session, numbers)

    def publish(self, session, numbers, message_id):
        room, text, _ = self.open[message_id]
        number = session.new_packet_id()
        numbers[number] = message_id
        payload = json.dumps({"id": message_id, "text": {"text": text}})
        session.send(publish_packet(f"chat/v1/rooms/{room}/send/json", payload, self.qos, number))

    def take(self, session, numbers):
        for kind, number in list(session.answers):
            del session.answers[(kind, number)]
            if kind == PUBREC:
                session.send(packet(0x62, number.to_bytes(2, "big")))
            if kind in (PUBACK, PUBREC):
                message_id = numbers[number]
                if message_id in self.open and not self.open[message_id][2]:
                    self.open[message_id][2] = True
                    self.log.write(r="puback", user=self.user, room=self.open[message_id][0], id=message_id)
        for _, payload, _, _, _ in session.inbox:
            ack = json.loads(payload)
            self.log.write(r="ack", user=self.user, room=ack["room"], id=ack["id"], code=ack["code"], seq=ack["seq"],
                           feed=ack["feed"], duplicate=ack["duplicate"])
            self.open.pop(ack["id"], None)
        session.inbox.clear()


class Workload:
    """`publishers` clients of `users` in `rooms`; start(), then join() after the last fault."""

    def __init__(self, broker, log, users, rooms, seed, publishers=6, readers=1):
        self.publishers = [Publisher(broker, log, users[i % len(users)], f"pub-{i}", rooms, 1 + i % 2, seed * 100 + i,
                                     trusting=i >= 2) for i in range(publishers)]
        self.subscribers = [
            Subscriber(broker, log, users[0], "sub-0", [f"chat/v1/rooms/{room}/events/json" for room in rooms]),
            Subscriber(broker, log, users[-1], "sub-1", [f"chat/v1/users/{users[-1]}/events/json"])]
        self.readers = [PageReader(broker, log, users[i % len(users)], f"reader-{i}", rooms, seed * 100 + 50 + i)
                        for i in range(readers)]

    def workers(self):
        return self.subscribers + self.readers + self.publishers

    def start(self):
        for worker in self.workers():
            worker.start()

    def answered(self):
        """How many messages have got an answer so far."""
        return sum(publisher.count - len(publisher.open) for publisher in self.publishers)

    def trusted(self):
        """How many messages were the broker's alone when it was killed: PUBACK seen, ack not."""
        return sum(publisher.trusted for publisher in self.publishers)

    def check(self):
        for worker in self.workers():
            if worker.failure:
                raise worker.failure

    def join(self, timeout):
        """Waits until every message is answered and every subscriber has synced and heard the last of them, then stops all."""
        deadline = time.monotonic() + timeout
        for worker in self.publishers:
            worker.stop()
        for worker in self.publishers:
            worker.join(max(0.1, deadline - time.monotonic()))
            if worker.is_alive():
                raise AssertionError(f"{worker.name}: {len(worker.open)} messages got no answer within {timeout} s, "
                                     f"such as {next(iter(worker.open), None)}")
        for worker in self.subscribers:
            # The auditor says what is missing; here is only waited for what is still on its way.
            quiet = Quiet(worker)
            wait_until(quiet, max(1, deadline - time.monotonic()), f"{worker.name} has synced and hears nothing new")
        for worker in self.subscribers + self.readers:
            worker.stop()
        for worker in self.subscribers + self.readers:
            worker.join(10)
        self.check()


class Quiet:
    """True once a subscriber has synced on its present connection and nothing has come for half a second."""

    def __init__(self, worker):
        self.worker, self.size, self.since = worker, -1, 0

    def __call__(self):
        size = sum(len(seqs) for seqs in self.worker.have.values())
        if size != self.size:
            self.size, self.since = size, time.monotonic()
        return self.worker.in_step() and time.monotonic() - self.since > 0.5


def make_users_and_rooms(broker, users, rooms):
    """Every user with the password pw-{name}, owner of every room."""
    with Client(broker, *broker.credentials()).connect() as admin:
        admin.subscribe("$CONTROL/parley/v1/response")
        for user in users:
            admin.command("createUser", username=user, password=f"pw-{user}")
        for room in rooms:
            admin.command("createRoom", room=room, kind="group", members=[{"user": user, "role": "owner"} for user in users])


def read_at_rest(broker, log, user, rooms):
    """All that is stored, as one read, by small pages and backwards."""
    with Client(broker, user, f"pw-{user}").connect() as client:
        wait_until(lambda: client.request("history.page", room=rooms[0])["code"] == "OK", 30, "queries are answered")
        for room in rooms:
            head = client.request("history.page", room=room, limit=1)["head"]
            log.write(r="history", by=user, room=room, events=client.history(room), head=head)
            log.write(r="pages", how="forwards", room=room, events=forwards(client, room, 137))
            log.write(r="pages", how="backwards", room=room, events=backwards(client, room, 211))


def page(client, room, **where):
    reply = client.request("history.page", room=room, **where)
    assert reply["code"] == "OK", reply
    return reply


def forwards(client, room, limit):
    events, more = [], True
    while more:
        reply = page(client, room, after=events[-1]["seq"] if events else "0", limit=limit)
        events, more = events + reply["events"], reply["more"]
    return events


def backwards(client, room, limit):
    reply = page(client, room, limit=limit)
    events = reply["events"]
    while events and int(events[0]["seq"]) > 1:
        before = page(client, room, before=events[0]["seq"], limit=limit)["events"]
        if not before:
            break
        events = before + events
    return events


def write_resources(log, daemon):
    """What a process holds now: descriptors, resident memory."""
    pid = daemon.process.pid
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    log.write(r="resources", of=daemon.name, descriptors=len(os.listdir(f"/proc/{pid}/fd")), memory_kib=memory)
