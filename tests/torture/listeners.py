"""Those who read: subscribers that sync after every connect, and readers of pages while others write."""
import json
import random
import time

from tests.torture.worker import Worker

PAGE = 1000


class Asking(Worker):
    """A worker that sends requests and waits for their replies."""

    def __init__(self, broker, log, user, client_id):
        super().__init__(broker, log, user, client_id)
        self.requests, self.replies = 0, {}

    def ask(self, session, method, **body):
        """The reply; None when none comes within 2 s (the request or the reply was lost with a bridge). What else comes is
        taken meanwhile."""
        self.requests += 1
        request_id = f"{self.client_id}-{self.requests}"
        session.publish(f"chat/v1/requests/{method}/json", json.dumps({"requestId": request_id, **body}))
        for _ in range(20):
            self.pump(session, 0.1)
            if request_id in self.replies:
                return self.replies.pop(request_id)
            if self.stopping.is_set():
                return None
        return None

    def pump(self, session, timeout):
        found = session.read(timeout)
        if found:
            session.handle(found)
        for topic, payload, _, _, _ in session.inbox:
            body = json.loads(payload)
            if topic.endswith("/replies/json"):
                self.replies[body["requestId"]] = body
            else:
                self.take(topic, body)
        session.inbox.clear()
        session.answers.clear()

    def take(self, topic, body):
        raise AssertionError(f"{self.client_id}: nothing was subscribed to, and {topic} came: {body}")


class Subscriber(Asking):
    """Listens to the rooms' topics, or to the user's one topic, and syncs after every connect."""

    def __init__(self, broker, log, user, client_id, topics, may_be_refused=False):
        super().__init__(broker, log, user, client_id)
        self.topics, self.may_be_refused = topics, may_be_refused
        self.cursor, self.have, self.synced_on = "0", {}, 0

    @property
    def session_name(self):
        return f"{self.client_id}#{self.connections}"

    def in_step(self):
        """It has synced on its present connection."""
        return self.synced_on == self.connections

    def lost(self):
        self.log.write(r="gone", session=self.session_name)

    def serve(self, session):
        session.subscribe(f"chat/v1/clients/{self.client_id}/replies/json")
        refused = [topic for topic in self.topics if session.subscribe(topic) >= 0x80]
        if refused and not self.may_be_refused:
            raise AssertionError(f"SUBSCRIBE {refused} was refused")
        while not self.finished() and not self.sync(session):
            pass
        while not self.finished():
            self.pump(session, 0.5)

    def take(self, topic, body):
        room, seq = body["room"], int(body["seq"])
        self.log.write(r="live", by=self.user, session=self.session_name, topic=topic, room=room, seq=seq, event=body)
        self.have.setdefault(room, set()).add(seq)

    def sync(self, session):
        """True when everything up to now is there."""
        rooms, cursor, more = {}, self.cursor, True
        while more:
            reply = self.ask(session, "sync", cursor=cursor, eventsPerRoom=PAGE)
            if reply is None or reply["code"] != "OK":
                return False
            for room in reply["rooms"]:
                events = room["events"]
                if room["truncated"]:
                    events = self.pages(session, room["room"])
                    if events is None:
                        return False
                rooms.setdefault(room["room"], []).extend(events)
            cursor, more = reply["cursor"], reply["more"]
        for room, events in rooms.items():
            self.have.setdefault(room, set()).update(int(event["seq"]) for event in events)
        self.log.write(r="synced", by=self.user, session=self.session_name, rooms=rooms)
        self.cursor = cursor
        self.synced_on = self.connections
        return True

    def pages(self, session, room):
        """All events behind the first one that is missing."""
        after = 0
        while after + 1 in self.have.get(room, ()):
            after += 1
        events, more = [], True
        while more:
            reply = self.ask(session, "history.page", room=room, after=str(after), limit=PAGE)
            if reply is None or reply["code"] != "OK":
                return None
            events += reply["events"]
            more = reply["more"]
            after = int(events[-1]["seq"]) if events else after
        return events


class SleepySubscriber(Subscriber):
    """Keeps its session with the broker and is away half of the time: the broker queues for it."""

    SESSION = {"clean": False}

    def __init__(self, broker, log, user, client_id, topics, seed):
        super().__init__(broker, log, user, client_id, topics, may_be_refused=True)
        self.random = random.Random(seed)

    def serve(self, session):
        for topic in self.topics:
            session.subscribe(topic)
        awake = time.monotonic() + self.random.uniform(0.05, 0.4)
        while not self.finished() and time.monotonic() < awake:
            self.pump(session, 0.05)
        session.close()
        self.lost()
        self.stopping.wait(self.random.uniform(0, 0.4))


class PageReader(Asking):
    """Reads pages anywhere in the rooms, while others write."""

    def __init__(self, broker, log, user, client_id, rooms, seed):
        super().__init__(broker, log, user, client_id)
        self.random, self.rooms, self.heads, self.answered = random.Random(seed), rooms, {}, 0

    def serve(self, session):
        session.subscribe(f"chat/v1/clients/{self.client_id}/replies/json")
        while not self.finished():
            room = self.random.choice(self.rooms)
            # Often the end, where others write.
            head = self.heads.get(room, 0)
            after = max(0, head - self.random.choice((0, 1, 5, 20, self.random.randrange(head + 1))))
            limit = self.random.choice((1, 3, 50, 1000))
            self.log.write(r="ask", request=f"{self.client_id}-{self.requests + 1}", room=room)
            reply = self.ask(session, "history.page", room=room, after=str(after), limit=limit)
            if reply is None:
                continue
            self.log.write(r="read", by=self.user, request=reply["requestId"], room=room, after=after, limit=limit,
                           **{name: reply.get(name) for name in ("code", "reason", "events", "head", "more")})
            if reply["code"] == "OK":
                self.answered += 1
                self.heads[room] = int(reply["head"])
            else:
                self.stopping.wait(0.02)
            self.stopping.wait(self.random.uniform(0, 0.02))
