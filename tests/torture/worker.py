"""What every client of a workload is: a thread that keeps a session open, and the log that it writes to."""
import json
import threading
import time

from tests.support.raw import Closed, Refused, Session


class Log:
    """Appends records; any thread."""

    def __init__(self, path):
        self._file = open(path, "w", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, **record):
        line = json.dumps({**record, "t": round(time.monotonic(), 3)}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")

    def close(self):
        self._file.close()


class Worker(threading.Thread):
    """A client that reconnects for as long as the workload runs."""

    SESSION = {}  # options of its sessions

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

    def lost(self):
        """The connection is over."""

    def run(self):
        try:
            while not self.finished():
                try:
                    with Session(self.broker.port, self.user, f"pw-{self.user}", self.client_id, timeout=5,
                                 **self.SESSION) as session:
                        self.connections += 1
                        self.serve(session)
                except (Closed, Refused, OSError):
                    self.lost()
                    self.stopping.wait(0.05)
        except Exception as error:  # reported by the workload, which must not hang on it
            self.failure = error
