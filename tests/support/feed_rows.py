"""What the feed and its consumer `totals` should come to, counted again from the rows of the stores by a way of its own; and
rows that are damaged and mended. A store is read at any time, and changed only while nobody has it open."""
import os
import subprocess

from tests.support.broker import BUILD
from tests.support.wire import fields

TOOL = os.path.join(BUILD, "tests/support/feed_tool")
EVENT, INBOX, CURSOR, PUSH, MESSAGE = 1, 2, 3, 4, 5
FIRST_BODY, LAST_BODY = 9, 17  # the numbers of v1.Event's body
BASIS, PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1


def tool(*words):
    done = subprocess.run([TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def rows(database, family, prefix=b""):
    """[(key, value)] in order."""
    lines = (line.split(" ") for line in tool("dump", database, family, prefix.hex()).splitlines())
    return [(bytes.fromhex(key), bytes.fromhex(value)) for key, value in lines]


def put(database, family, key, value):
    tool("put", database, family, key.hex(), value.hex())


def number(data, at=0):
    return int.from_bytes(data[at:at + 8], "big")


def event_key(rid, seq):
    return rid.to_bytes(8, "big") + seq.to_bytes(8, "big")


def room_id(store, name):
    """The rid of a room, by its record."""
    return fields(dict(rows(store, "state", b"r" + name.encode()))[b"r" + name.encode()])[1][0]


def entries(store):
    """{log index: [(kind, number, number)]} of the feed."""
    found = {}
    for key, value in rows(store, "feed"):
        assert value[0] == 1 and len(value) % 17 == 1, value
        found[number(key)] = [(value[at], number(value, at + 1), number(value, at + 9)) for at in range(1, len(value), 17)]
    return found


def body_kind(row):
    """The number of an event's body, of a row of `events`."""
    return next(field for field in fields(row[18:]) if FIRST_BODY <= field <= LAST_BODY)


def chain_of(feed):
    """FNV-1a over the chain before, the index and the items of each entry."""
    chain = 0
    for index, items in sorted(feed.items()):
        data = chain.to_bytes(8, "big") + index.to_bytes(8, "big")
        for kind, first, second in items:
            data += bytes([kind]) + first.to_bytes(8, "big") + second.to_bytes(8, "big")
        chain = BASIS
        for byte in data:
            chain = (chain ^ byte) * PRIME & MASK
    return chain


def recount(store):
    """(entries, chain, {rid: {kind: events}}) as they should be."""
    feed, rooms = entries(store), {}
    events = dict(rows(store, "events"))
    for items in feed.values():
        for kind, rid, seq in items:
            if kind in (EVENT, MESSAGE):
                counts = rooms.setdefault(rid, {})
                body = body_kind(events[event_key(rid, seq)])
                counts[body] = counts.get(body, 0) + 1
    return len(feed), chain_of(feed), rooms


def kept(local):
    """The same as the consumer keeps it."""
    rooms, chain = {}, (0, 0)
    for key, value in rows(local, "default", b"etotals\0"):
        key = key[len(b"etotals\0"):]
        if key == b"c":
            chain = number(value, 1), number(value, 9)
        else:
            counts = {value[at]: number(value, at + 1) for at in range(17, len(value), 9)}
            assert number(value, 1) == sum(counts.values()), value
            rooms[number(key, 1)] = counts
    return (*chain, rooms)


def offset(local, consumer):
    """Where a consumer stands."""
    return number(dict(rows(local, "default", b"o" + consumer.encode()))[b"o" + consumer.encode()], 17)
