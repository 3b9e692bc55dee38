"""docs/walkthrough-push.md: exactly its commands, and what they promise."""
import glob
import json
import os
import re
import subprocess

from tests.support.broker import CLI, ROOT
from tests.support.cli_test import CliTest
from tests.support.parley_test import main


def commands():
    """The shell commands of the page, in order."""
    with open(os.path.join(ROOT, "docs/walkthrough-push.md"), encoding="utf-8") as page:
        return "".join(re.findall(r"^```sh\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL))


class Walkthrough(CliTest):
    USERS = ("alice", "bob")
    BRIDGE_OPTIONS = ("--push-allow", "127.0.0.0/8")

    def test_the_page_does_what_it_says(self):
        with self.make_admin() as admin:
            for user in self.USERS:
                admin.command("setUserPassword", username=user, password=user)
        environment = dict(self.environment(), TMPDIR=self.home,
                           PATH=os.path.dirname(CLI) + os.pathsep + os.environ["PATH"])
        # With its phone, whatever happens: the process group is ended.
        script = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + commands()
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

        log, = glob.glob(os.path.join(self.home, "*/phone.log"))
        with open(log, encoding="utf-8") as lines:
            received = [json.loads(line) for line in lines]
        self.assertEqual([line for line in received if "refused" in line], [])
        payloads = [line["payload"] for line in received]
        first, second = (payload for payload in payloads if payload["type"] == "message")
        self.assertEqual((first["text"], first["sender"], first["badge"]), ("the kettle is on", "alice", 1))
        self.assertEqual((second["text"], second["badge"]), ("and the tea is ready", 1))
        self.assertEqual(len([payload for payload in payloads if payload["type"] == "withdraw"]), 1)

        before, after = re.findall(r"  bob phone \(web_push\): (.*)", done.stdout)
        self.assertIn("accepted by the provider, 1 attempt, HTTP 201", before)
        self.assertIn("accepted, and taken back", after)
        self.assertRegex(done.stdout, r"kitchen-\d+ group member head \d+ unread 0")
        self.assertIn('"Bob\'s phone"', done.stdout)


if __name__ == "__main__":
    main()
