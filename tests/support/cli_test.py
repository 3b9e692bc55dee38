"""The base of the command line's tests: runs `parley` against the class's broker."""
import json
import os
import subprocess

from tests.support.broker import CLI
from tests.support.client import new_id
from tests.support.parley_test import ParleyTest
from tests.support.waiting import wait_until

USAGE, INVALID_ARGUMENT, NOT_FOUND, UNAUTHENTICATED, UNAVAILABLE, EXISTS, DENIED = 64, 65, 66, 67, 69, 73, 77


class Running:
    """A `parley` that runs: lines of its stdout and stderr as they come, its stdin open until end_input()."""

    def __init__(self, arguments, environment):
        self.process = subprocess.Popen([CLI, *arguments], env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out, self.err = b"", b""
        for stream in (self.process.stdout, self.process.stderr):
            os.set_blocking(stream.fileno(), False)

    def type(self, *lines):
        for line in lines:
            self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def read(self):
        """What came up to now, both as text."""
        self.out += self.process.stdout.read() or b""
        self.err += self.process.stderr.read() or b""
        return self.out.decode(), self.err.decode()

    def lines(self):
        """Whole lines of stdout."""
        return self.read()[0].split("\n")[:-1]

    def json_lines(self):
        return [json.loads(line) for line in self.lines()]

    def wait_for(self, condition, timeout=30.0):
        """Until condition(self) is true; shows what came when it is not."""
        try:
            return wait_until(lambda: condition(self), timeout)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\nstdout: {self.out.decode()}\nstderr: {self.err.decode()}") from None

    def end_input(self):
        self.process.stdin.close()

    def wait(self, timeout=60):
        """The exit code; reads on, so that a full pipe holds nobody up."""
        wait_until(lambda: self.read() and self.process.poll() is not None, timeout, "the end of parley")
        self.read()
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


class CliTest(ParleyTest):
    """`self.lobby`: a room of alice (owner) and bob. `self.home`: an empty home folder."""

    BRIDGE = True

    def setUp(self):
        self.lobby = self.room({"alice": "owner", "bob": "member"})
        self.home = os.path.join(self.broker.folder, f"home-{new_id()[:8]}")
        os.makedirs(self.home)

    def environment(self, user=None):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "XDG_"))}
        kept.update(HOME=self.home, PARLEY_PORT=str(self.broker.port), TZ="UTC")
        if user:
            kept.update(PARLEY_USER=user, PARLEY_PASSWORD=f"pw-{user}")
        return kept

    def parley(self, user, *arguments, stdin=b"", code=0):
        """Runs it; checks the exit code; (stdout, stderr) as text."""
        done = subprocess.run([CLI, *arguments], env=self.environment(user), input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=90, check=False)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{arguments}\n{out}\n{err}")
        return out, err

    def admin_parley(self, *arguments, **options):
        return self.parley(None, "--config", os.path.join(self.broker.data, "admin.credentials"), *arguments, **options)

    def running(self, user, *arguments):
        """Started, and killed at the end of the test."""
        program = Running(arguments, self.environment(user))
        self.addCleanup(program.kill)
        return program

    def json_lines(self, text):
        return [json.loads(line) for line in text.splitlines()]
