"""A receiver of outgoing webhooks: checks each signature as Standard Webhooks says, by nothing of ours, and remembers what came."""
import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 300


def signature_of(secret, message_id, timestamp, body):
    """What webhook-signature must hold."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Delivery:
    """One request, and how it was answered (None: not at all)."""

    def __init__(self, path, headers, body, status):
        self.path, self.headers, self.body, self.status = path, headers, json.loads(body), status
        self.at_s = time.monotonic()

    @property
    def event(self):
        return self.body["event"]

    @property
    def place(self):
        """(room, seq)"""
        return self.event["room"], int(self.event["seq"])


class WebhookReceiver:
    """Serves on a port of its own: with WebhookReceiver(secrets) as receiver: …. `secrets`: {path: secret}, may be added to;
    `answer(delivery body, path)` gives (status, {header: value}), or None to close the connection without an answer."""

    def __init__(self, secrets=None, host="127.0.0.1"):
        self.secrets = dict(secrets or {})
        self.answer = lambda body, path: (200, {})
        self.bad = []  # what was not signed as it must be
        self._deliveries, self._lock = [], threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed in the middle: it never sent this
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._check(self.path, headers, body)
                answer = receiver.answer(json.loads(body), self.path)
                with receiver._lock:
                    receiver._deliveries.append(Delivery(self.path, headers, body, answer and answer[0]))
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer[0])
                for name, value in answer[1].items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            # The default of 5 makes the kernel refuse connections of a sender that opens many at once.
            request_queue_size = 128

            def get_request(self):
                receiver.connections += 1
                return super().get_request()

            def handle_error(self, request, client_address):
                """The other side is killed now and then; what is wrong with a request is in `bad`."""

        self.connections = 0  # that were accepted, whatever came of them
        self.server = Server((host, 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def _check(self, path, headers, body):
        wrong = None
        if headers.get("content-type") != "application/json":
            wrong = "no JSON"
        elif abs(time.time() - int(headers["webhook-timestamp"])) > TOLERANCE_S:
            wrong = "an old timestamp"
        elif signature_of(self.secrets.get(path, ""), headers["webhook-id"], headers["webhook-timestamp"],
                          body) not in headers["webhook-signature"].split(" "):
            wrong = "a wrong signature"
        if wrong:
            with self._lock:
                self.bad.append((path, wrong, headers))

    @property
    def port(self):
        return self.server.server_address[1]

    def url(self, path="/"):
        return f"http://{self.server.server_address[0]}:{self.port}{path}"

    def deliveries(self, path=None):
        with self._lock:
            return [each for each in self._deliveries if path in (None, each.path)]

    def places(self, path=None):
        """(room, seq) of the events that were taken, in order of arrival."""
        return [each.place for each in self.deliveries(path) if each.body["type"] == "event" and each.status == 200]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
