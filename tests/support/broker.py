"""A real Mosquitto with the plugin of the build under test, on ports and a data folder of its own."""
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from tests.support.waiting import free_port, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("PARLEY_BUILD", os.path.join(ROOT, "build/dev"))
PLUGIN = os.environ.get("PARLEY_PLUGIN", os.path.join(BUILD, "broker-plugin/parley_plugin.so"))
BRIDGE = os.environ.get("PARLEY_BRIDGE", os.path.join(BUILD, "bridge/parley-bridge"))
CLI = os.path.join(BUILD, "client/parley")
START_TIMEOUT_S = 30
# The runtime of the sanitizer that the plugin was built with (set by the build).
PRELOAD = os.environ.get("PARLEY_BROKER_PRELOAD", "")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=99:report_signal_unsafe=0:suppressions=" +
                    os.path.join(ROOT, "tests/support/tsan.suppressions"),
}
PORT_ATTEMPTS = 5


class StartFailed(AssertionError):
    """A daemon ended, or did not answer; holds what it said."""

    def __init__(self, name, code, log):
        super().__init__(f"{name} did not start (exit code {code}):\n{log[-3000:]}")
        self.code, self.log = code, log


def temporary_folder():
    """A folder that every user can reach, as mkdtemp's own cannot."""
    folder = tempfile.mkdtemp(prefix="parley-test-")
    os.chmod(folder, 0o755)
    return folder


def mosquitto_program():
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class Daemon:
    """One process with a log file; ended by its pid."""

    def __init__(self, name, log_path):
        self.name, self.log_path, self.process, self.log_start = name, log_path, None, 0

    def start(self, *command, preload=""):
        environment = dict(os.environ, **SANITIZER_OPTIONS)
        if preload:
            environment["LD_PRELOAD"] = preload
        self.log_start = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, cwd=ROOT, env=environment)

    def wait_ready(self, ready):
        """Until ready() or the process has ended; StartFailed when it does not come up."""
        try:
            wait_until(lambda: self.process.poll() is not None or ready(), START_TIMEOUT_S, f"{self.name} ready")
        except AssertionError:
            self.kill()
            raise StartFailed(self.name, None, self.log()) from None
        if self.process.poll() is not None:
            raise StartFailed(self.name, self.process.returncode, self.log())

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout=20):
        """TERM; returns the exit code. KILL, and an error, when it takes too long."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not end within {timeout} s of SIGTERM") from None
        self.check_sanitizer()
        return self.process.returncode

    def check_sanitizer(self):
        report = [line for line in self.log().splitlines() if "Sanitizer" in line or "runtime error:" in line]
        if report:
            raise AssertionError(f"{self.name}: {report[0]}\n{self.log()[-6000:]}")

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait(10)

    def signal(self, number):
        self.process.send_signal(number)

    def log(self):
        """What it wrote since its last start."""
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                file.seek(self.log_start)
                return file.read()
        except FileNotFoundError:
            return ""


class Broker:
    """start() … stop(); also a context manager. `options`: lines for mosquitto.conf, added at its end."""

    def __init__(self, bridge=False, data=None, options=(), plugin_options=(), configuration=None, bridge_options=()):
        self.folder = None if data else temporary_folder()
        self.data = data or os.path.join(self.folder, "data")
        self.bridge_options = list(bridge_options)
        self.with_bridge, self.options, self.plugin_options = bridge, list(options), list(plugin_options)
        self.configuration = configuration or os.path.join(ROOT, "mosquitto.conf")
        self.launcher = []  # put before the broker's command
        self.port = self.ws_port = self.http_port = None
        for name in ("", "broker", "log", "run", "bridge"):
            os.makedirs(os.path.join(self.data, name), exist_ok=True)
        self.broker = Daemon("mosquitto", os.path.join(self.data, "log/mosquitto.log"))
        self.bridge = Daemon("parley-bridge", os.path.join(self.data, "log/parley-bridge.log"))

    # Life.

    def start(self):
        for attempt in range(PORT_ATTEMPTS):
            if self.port is None:
                self.port, self.ws_port = free_port(), free_port()
            try:
                self.start_broker()
                break
            except StartFailed as failure:
                if "Address already in use" not in failure.log or attempt + 1 == PORT_ATTEMPTS:
                    raise
                self.port = None
        if self.with_bridge:
            self.start_bridge()
        return self

    def start_broker(self):
        self.write_configuration()
        self.broker.start(*self.launcher, mosquitto_program(), "-c", os.path.join(self.data, "mosquitto.conf"), preload=PRELOAD)
        self.broker.wait_ready(self.broker_answers)

    def start_bridge(self):
        for attempt in range(PORT_ATTEMPTS):
            self.http_port = self.http_port or free_port()
            self.bridge.start(*self.bridge_command())
            try:
                self.bridge.wait_ready(lambda: self.http_status("/ready") == 200)
                return
            except StartFailed as failure:
                if "in use" not in failure.log or attempt + 1 == PORT_ATTEMPTS:
                    raise
                self.http_port = None

    def bridge_command(self):
        return [BRIDGE, "--data", self.data, "--host", "127.0.0.1", "--port", str(self.port), "--http-port",
                str(self.http_port), *self.bridge_options]

    def stop(self):
        self.bridge.stop()
        return self.broker.stop()

    def restart(self):
        self.stop()
        self.start()

    def kill9(self):
        """kill -9 of the broker alone; the bridge stays and has to cope."""
        self.broker.kill()

    def hang_up(self):
        self.broker.signal(signal.SIGHUP)

    def pause(self):
        self.broker.signal(signal.SIGSTOP)

    def resume(self):
        self.broker.signal(signal.SIGCONT)

    def close(self):
        """Ends everything and removes the data."""
        try:
            self.stop()
        finally:
            self.bridge.kill()
            self.broker.kill()
            self.remove_key()
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def remove_key(self):
        """The key of remembered logins, which outlives the broker on the memory file system (docs/formats)."""
        try:
            with open(os.path.join(self.data, "journal"), "rb") as journal:
                store_id = journal.read(40)[24:40]
            os.unlink(f"/dev/shm/parley-{store_id.hex()}.key")
        except OSError:
            pass

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # What it is told and what it says.

    def write_configuration(self):
        """By the same code as scripts/up, so that the shipped mosquitto.conf is what is tested."""
        user = "root" if os.geteuid() == 0 else ""
        script = ('source scripts/lib/common.sh; source scripts/lib/configuration.sh; '
                  'write_configuration "$1" "$2" "$3" "$4" "$5" "$6"')
        subprocess.run(["bash", "-c", script, "test", self.configuration, self.data, str(self.port),
                        str(self.ws_port), PLUGIN, user], cwd=ROOT, check=True, timeout=30)
        path = os.path.join(self.data, "mosquitto.conf")
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("plugin_opt_parley_data")) + 1
        named = {line.split()[0] for line in self.plugin_options}
        lines = lines[:at] + self.plugin_options + [line for line in lines[at:] if line.split(" ")[0] not in named]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines + self.options) + "\n")

    def broker_answers(self):
        if not os.path.exists(os.path.join(self.data, "bridge.credentials")):
            return False
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def http_status(self, path):
        """The status of a GET to the bridge, or None when it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def credentials(self, who="admin"):
        """(user name, password) of {data}/{who}.credentials."""
        with open(os.path.join(self.data, f"{who}.credentials"), encoding="utf-8") as file:
            fields = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return fields["username"], fields["password"]

    def log(self):
        return self.broker.log()

    def print_logs(self):
        for daemon in (self.broker, self.bridge):
            print(f"--- the last of {daemon.name}'s log\n{daemon.log()[-4000:]}", file=sys.stderr)
