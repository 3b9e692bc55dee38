"""Two devices of one user, one of them offline for 10,000 events in 50 rooms with removals and re-adds among them:
after one sync both show the same."""
import time

from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until

ROOMS, EVENTS = 50, 10_000
SYNC_S_MAX = 10


class Device:
    """What a device shows: rooms by sync, live events and inbox; nothing that is not in a reply or a message."""

    def __init__(self, client):
        self.client, self.cursor, self.rooms, self.inbox = client, "0", {}, {}

    def sync(self):
        """All pages of one sync; how many."""
        pages = 0
        while True:
            reply = self.client.request("sync", 30, cursor=self.cursor, limit=1000, eventsPerRoom=20)
            assert reply["code"] == "OK", reply
            assert not reply["reset"]
            for room in reply["rooms"]:
                if room["left"]:
                    self.rooms.pop(room["room"], None)
                else:
                    self.rooms[room["room"]] = {name: room[name] for name in (
                        "kind", "title", "role", "head", "first", "read", "unread", "mentions", "lastEvent")}
            self.inbox.update({item["useq"]: item for item in reply["inbox"]})
            self.cursor, pages = reply["cursor"], pages + 1
            if not reply["more"]:
                return pages


class TwoDevices(ParleyTest):
    BRIDGE = True

    def test_after_one_sync_both_show_the_same(self):
        rooms = [self.room({"alice": "owner", "bob": "member"}) for _ in range(ROOMS)]
        phone, laptop = Device(self.client("bob")), Device(self.client("bob"))
        phone.sync()
        laptop.sync()
        self.assertEqual(phone.rooms, laptop.rooms)
        phone.client.close()  # offline from here on

        alice, boss = self.client("alice"), self.admin()
        per_room = EVENTS // ROOMS
        for number, room in enumerate(rooms):
            sent = [alice.send(room, f"m{i}", mentions=["bob"] if i % 10 == 0 else []) for i in range(per_room)]
            alice.wait(lambda ids=sent: all(i in alice.acks for i in ids), 60, f"acks in {room}")
            if number % 5 == 1:
                boss.command("removeMember", room=room, user="bob")
            if number % 10 == 1:
                alice.say(room, "while bob is away")
                boss.command("addMember", room=room, user="bob", role="reader")
                alice.say(room, "after bob is back", mentions=["bob"])
            if number % 5 == 2:
                boss.command("setMemberRole", room=room, user="bob", role="moderator")
            if number % 7 == 3:
                boss.command("deleteRoom", room=room)
            elif number % 5 == 4:
                laptop.client.publish_acknowledged(f"chat/v1/rooms/{room}/cursor/json", {"read": str(per_room // 2)})
            laptop.sync()
        new = self.room({"alice": "owner", "bob": "member"})
        read = [room for number, room in enumerate(rooms) if number % 5 == 4 and number % 7 != 3]

        def cursors_are_known():
            laptop.sync()
            return all(laptop.rooms[room]["read"] == str(per_room // 2) for room in read)
        wait_until(cursors_are_known, 10, "the laptop's cursors")

        phone.client = self.client("bob")
        start = time.monotonic()
        pages = phone.sync()
        took = time.monotonic() - start
        print(f"one sync after {EVENTS} events in {ROOMS} rooms: {pages} pages, {took * 1000:.0f} ms", flush=True)
        self.assertLess(took, SYNC_S_MAX)
        self.assertEqual(phone.rooms, laptop.rooms)
        self.assertIn(new, phone.rooms)
        self.assertEqual(len(phone.rooms), ROOMS + 1 - sum(
            n % 7 == 3 or (n % 5 == 1 and n % 10 != 1) for n in range(ROOMS)))
        self.assertEqual(phone.inbox, laptop.inbox, "every change of each")
        useqs = sorted(int(useq) for useq in phone.inbox)
        self.assertEqual(useqs, list(range(useqs[0], useqs[-1] + 1)), "without a gap")
        for room in read:
            self.assertEqual(int(phone.rooms[room]["unread"]), per_room - per_room // 2 + 1)


if __name__ == "__main__":
    main()
