"""What the auditor knows of who was a member when, and of what each subscriber has put together."""
import bisect
import collections

READERS = {"OWNER", "MODERATOR", "MEMBER", "READER"}


class Memberships:
    """Read from the membership events of the rooms' histories, which are the truth about them."""

    def __init__(self, histories):
        self._steps = collections.defaultdict(list)  # (user, room) → [(seq, reads from there on)]
        self._rooms = set(histories)
        for room, events in histories.items():
            for event in events:
                for change in event.get("membership", {}).get("changes", []):
                    reads = change["change"] not in ("REMOVED", "LEFT") and change["role"] in READERS
                    self._steps[(change["user"], room)].append((int(event["seq"]), reads))

    def reads(self, user, room, seq):
        """Whether the user was a member once the event `seq` had happened. True for a room of which no history was read."""
        if room not in self._rooms:
            return True
        steps = self._steps.get((user, room), [])
        at = bisect.bisect_right([step[0] for step in steps], seq)
        return at > 0 and steps[at - 1][1]

    def changed(self, user, room):
        """Whether the user was ever removed."""
        return any(not reads for _, reads in self._steps.get((user, room), []))


class Views:
    """A subscriber's merged view: what came live and what it fetched after each connect."""

    def __init__(self, fail):
        self._fail = fail
        self._have = collections.defaultdict(set)     # (by, client, room) → seqs
        self._synced = set()                          # sessions that have synced
        self._open = {}                               # session → by
        self._late = []                               # (by, client, room, seqs missing)

    def add(self, by, session, topic, room, seqs):
        client = session.split("#")[0]
        self._have[(by, client, room)].update(seqs)
        self._open[session] = by

    def synced(self, by, session, room, seqs):
        self._have[(by, session.split("#")[0], room)].update(seqs)
        self._synced.add(session)
        self._open[session] = by

    def gone(self, session):
        by = self._open.pop(session, None)
        if by is None or session not in self._synced:
            return  # it ended before it had fetched what it missed
        for (user, client, room), have in self._have.items():
            if (user, client) == (by, session.split("#")[0]) and have:
                missing = sorted(set(range(1, max(have) + 1)) - have)
                if missing:
                    self._late.append((by, session, room, missing))

    def at_rest(self, members, heads):
        """Nothing is missing in between (5), and those who are still there have all (6). Who was ever removed has gaps by
        right; removals() of the auditor judges them."""
        for by, session, room, missing in self._late:
            if not members.changed(by, room):
                self._fail(f"{session} ({by}) had no {room} seq {missing[:5]}, neither live nor by sync (5)")
        clients = {(by, session.split("#")[0]) for session, by in self._open.items() if session in self._synced}
        for (by, client, room), have in self._have.items():
            if (by, client) not in clients or members.changed(by, room) or room not in heads:
                continue
            missing = sorted(set(range(1, heads[room] + 1)) - have)
            if missing:
                self._fail(f"{client} ({by}) has not all of {room} at rest: seq {missing[:5]} of {heads[room]} (6)")
