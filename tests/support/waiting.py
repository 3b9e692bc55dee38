"""Waiting for conditions, with deadlines on the monotonic clock."""
import socket
import time


def wait_until(condition, timeout=10.0, what="the condition"):
    """Polls until condition() is true and returns its value; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout} s")
        time.sleep(0.01)


def free_port():
    """A TCP port of loopback that is free now. Someone else may take it first: callers try again."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
