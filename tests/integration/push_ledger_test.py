"""What the bridge says of notifications on a server without credentials for any provider: the ledger accounts for each device all
the same, with the times of the message."""
from tests.support.parley_test import ParleyTest, main
from tests.support.waiting import wait_until


class PushLedger(ParleyTest):
    BRIDGE = True

    def explained(self, client, room, seq):
        """The reply, once the feed has come to the message."""
        def found():
            reply = client.request("message.explain", room=room, seq=seq)
            self.assertEqual(reply["code"], "OK", reply)
            return reply if reply["devices"] and reply["committedMs"] != "0" else None
        return wait_until(found, 20, "the ledger has the message")

    def test_each_device_has_a_fate_with_its_reason(self):
        room = self.room({"alice": "owner", "bob": "member", "carol": "member"})
        bob = self.client("bob")
        self.assertEqual(bob.request("push.register", device="phone", fcm={"token": "abcdefghijkl"})["code"], "OK")
        listed = bob.request("push.list")
        self.assertEqual([(each["device"], each["provider"], each["address"]) for each in listed["devices"]],
                         [("phone", "FCM", "abcdef…")], listed)
        self.assertEqual(listed["providers"], ["WEB_PUSH"])
        self.assertEqual(bob.request("push.test")["code"], "FAILED_PRECONDITION")
        self.assertEqual(bob.request("push.test", device="tablet")["code"], "NOT_FOUND")
        bob.close()
        alice, carol = self.client("alice"), self.client("carol")
        ack = alice.say(room, "hello")
        reply = self.explained(alice, room, ack["seq"])
        self.assertEqual([(each["user"], each["device"], each["state"], each["reason"]) for each in reply["devices"]],
                         [("bob", "phone", "SUPPRESSED", "NOT_CONFIGURED")], reply)
        self.assertEqual((reply["sender"], reply["durability"], reply["members"]), ("alice", "FSYNCED", 2), reply)
        self.assertLessEqual(int(reply["gateMs"]), int(reply["committedMs"]), reply)
        self.assertLessEqual(int(reply["committedMs"]), int(reply["deliveredMs"]) + 5, reply)
        # Members see their own devices, others nothing at all.
        self.assertEqual(carol.request("message.explain", room=room, seq=ack["seq"])["devices"], [])
        mallory = self.client("mallory")
        self.assertEqual(mallory.request("message.explain", room=room, seq=ack["seq"])["code"], "PERMISSION_DENIED")
        self.assertEqual(alice.request("message.explain", room=room, seq=99)["code"], "NOT_FOUND")
        admin = self.admin()
        self.assertEqual(admin.command("explainMessage", room=room, seq=ack["seq"])["devices"][0]["user"], "bob")
        self.assertEqual([user["username"] for user in admin.command("listPush")["users"]], ["bob"])


if __name__ == "__main__":
    main()
