"""Load on a broker that keeps dying, and a log of all that was asked, answered and seen.

The log is JSON lines, one record each, written by one thread at a time:
  {"r":"inv",  "user", "room", "id", "text"}             before the first PUBLISH of a message
  {"r":"puback","user", "room", "id"}                     PUBACK or PUBREC came
  {"r":"ack",  "user", "room", "id", "code", "seq", "feed", "duplicate"}
  {"r":"live", "by", "room", "seq", "event"}              a delivery to a subscriber; "session" tells connections apart
  {"r":"history","by", "room", "events", "head"}          a full read at the end
Nothing is judged here: auditor.py does that, from the log alone.
"""
import json
import random
import threading
import time

from tests.support.raw import PUBACK, PUBREC, Closed, Refused, Session, packet, publish_packet


class Log:
    """Appends records; any thread."""

    def __init__(self, path):
        self._file = open(path, "w", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, **record):
        line = json.dumps(record, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")

    def close(self):
        self._file.close()


class Worker(threading.Thread):
    """A client that reconnects for as long as the workload runs."""

    def __init__(self, broker, log, user, client_id):
        super().__init__(name=client_id, daemon=True)
        self.broker, self.log, self.user, self.client_id = broker, log, user, client_id
        self.stopping = threading.Event()
        self.failure = None
        self.connections = 0

    def stop(self):
        self.stopping.set()

    def finished(self):
        return self.stopping.is_set()

    def run(self):
        try:
            while not self.finished():
                try:
                    with Session(self.broker.port, self.user, f"pw-{self.user}", self.client_id, timeout=5) as session:
                        self.connections += 1
                        self.serve(session)
                except (Closed, Refused, OSError):
                    self.stopping.wait(0.05)
        except Exception as error:  # reported by the workload, which must not hang on it
            self.failure = error


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


class Subscriber(Worker):
    """Listens to the rooms' topics, or to the user's one topic."""

    def __init__(self, broker, log, user, client_id, topics):
        super().__init__(broker, log, user, client_id)
        self.topics = topics

    def serve(self, session):
        for topic in self.topics:
            if session.subscribe(topic) >= 0x80:
                raise AssertionError(f"SUBSCRIBE {topic} was refused")
        name = f"{self.client_id}#{self.connections}"
        while not self.finished():
            found = session.read(0.5)
            if found:
                session.handle(found)
            for topic, payload, _, _, _ in session.inbox:
                event = json.loads(payload)
                self.log.write(r="live", by=self.user, session=name, topic=topic, room=event["room"], seq=event["seq"],
                               event=event)
            session.inbox.clear()


class Workload:
    """`publishers` clients of `users` in `rooms`; start(), then join() after the last kill."""

    def __init__(self, broker, log, users, rooms, seed, publishers=6):
        self.publishers = [Publisher(broker, log, users[i % len(users)], f"pub-{i}", rooms, 1 + i % 2, seed * 100 + i,
                                     trusting=i >= 2) for i in range(publishers)]
        self.subscribers = [
            Subscriber(broker, log, users[0], "sub-0", [f"chat/v1/rooms/{room}/events/json" for room in rooms]),
            Subscriber(broker, log, users[-1], "sub-1", [f"chat/v1/users/{users[-1]}/events/json"])]

    def start(self):
        for worker in self.subscribers + self.publishers:
            worker.start()

    def answered(self):
        """How many messages have got an answer so far."""
        return sum(publisher.count - len(publisher.open) for publisher in self.publishers)

    def trusted(self):
        """How many messages were the broker's alone when it was killed: PUBACK seen, ack not."""
        return sum(publisher.trusted for publisher in self.publishers)

    def check(self):
        for worker in self.subscribers + self.publishers:
            if worker.failure:
                raise worker.failure

    def join(self, timeout):
        """Waits until every message is answered, then stops the subscribers."""
        deadline = time.monotonic() + timeout
        for worker in self.publishers:
            worker.stop()
        for worker in self.publishers:
            worker.join(max(0.1, deadline - time.monotonic()))
            if worker.is_alive():
                raise AssertionError(f"{worker.name}: {len(worker.open)} messages got no answer within {timeout} s, "
                                     f"such as {next(iter(worker.open), None)}")
        for worker in self.subscribers:
            worker.stop()
        for worker in self.subscribers:
            worker.join(5)
        self.check()
