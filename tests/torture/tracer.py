"""Faults in a process's system calls, by strace."""
import os
import shutil
import subprocess


def can_trace():
    return bool(shutil.which("strace")) and os.geteuid() == 0


class Tracer:
    """strace on a running process: attach() … detach(). `call` and `inject` as strace takes them, such as "fdatasync" and
    "error=EIO:when=3"; only calls on `paths` count, when given."""

    def __init__(self, pid, call, inject, paths=()):
        only = [part for path in paths for part in ("-P", path)]
        self._strace = subprocess.Popen(["strace", "-f", "-o", "/dev/null", *only, "-e", f"trace={call}", "-e",
                                         f"inject={call}:{inject}", "-p", str(pid)], stderr=subprocess.PIPE, text=True)
        line = self._strace.stderr.readline()
        while line.startswith("strace: Requested path"):
            line = self._strace.stderr.readline()
        if "attached" not in line:
            self._strace.kill()
            self._strace.wait(10)
            raise RuntimeError(f"strace: {line.strip()}")

    def detach(self):
        if self._strace.poll() is None:
            self._strace.terminate()
        try:
            self._strace.wait(10)
        except subprocess.TimeoutExpired:
            self._strace.kill()
            self._strace.wait(10)
        self._strace.stderr.close()
