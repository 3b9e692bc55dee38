"""Debian's package in a clean Debian with Debian's own mosquitto: install, chat, upgrade, remove, install again,
purge. Nothing may be left, and a broker with a configuration of its own must not notice.

Runs as root, in namespaces of its own (mounts, network, processes): what it mounts, listens on and starts ends
with it. Needs root, mmdebstrap, a mirror of Debian and the release build.
"""
import fcntl
import glob
import hashlib
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from tests.support.broker import ROOT
from tests.support.waiting import wait_until

# Another build with the prefix /usr may take its place while one works on this.
RELEASE = os.environ.get("PARLEY_RELEASE_BUILD", os.path.join(ROOT, "build/release"))
DATA, ACTIVE = "/var/lib/parley", "/etc/mosquitto/conf.d/parley.conf"
UNIT = "/lib/systemd/system/parley-bridge.service"
# An exit code (CMakeLists.txt).
SKIPPED = 77
# What dpkg writes of everything it does, and what is no file of the system.
NOT_COMPARED = re.compile(r"^/(proc|sys|dev/(?!shm)|run|tmp)/|^/var/lib/dpkg/(status-old|lock|lock-frontend|triggers/.*|info/format)$"
                          r"|^/var/log/(dpkg\.log|alternatives\.log|apt/.*)$")


def run(*command, timeout=120, **options):
    """What the command says; AssertionError with that when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                          stdin=options.pop("stdin", subprocess.DEVNULL), check=False, **options)
    if done.returncode:
        raise AssertionError(f"{shlex.join(command)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def debian_sources():
    """The mirrors of Debian that this machine's apt uses; none: mmdebstrap's own choice."""
    targets = run("apt-get", "indextargets", "--format", "$(ORIGIN)|deb $(REPO_URI) $(CODENAME) $(COMPONENT)",
                  "Created-By: Packages")
    release = {}
    with open("/etc/os-release", encoding="utf-8") as file:
        release.update(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    lines = {line.removeprefix("Debian|") for line in targets.splitlines() if line.startswith("Debian|")}
    # Updates bring nothing that this needs, and each costs a download.
    return release.get("VERSION_CODENAME", "bookworm"), sorted(
        line for line in lines if f" {release.get('VERSION_CODENAME')} main" in line)


def make_package(folder):
    """The .deb of the release build."""
    if not os.path.exists(os.path.join(RELEASE, "CPackConfig.cmake")):
        raise AssertionError("no release build: run scripts/test, or cmake --workflow --preset release")
    run("cpack", "-G", "DEB", "--config", os.path.join(RELEASE, "CPackConfig.cmake"), "-B", folder, timeout=600)
    (package,) = glob.glob(os.path.join(folder, "*.deb"))
    return package


def make_root(root, package):
    """A minimal Debian with mosquitto and what else the package depends on."""
    depends = run("dpkg-deb", "--field", package, "Depends")
    names = sorted({re.split(r"[ (|]", part.strip())[0] for part in depends.split(",")})
    release, sources = debian_sources()
    run("mmdebstrap", "--variant=minbase", "--mode=root", "--dpkgopt=force-unsafe-io",
        "--dpkgopt=path-exclude=/usr/share/locale/*", f"--include={','.join(names)},mosquitto-clients,systemd", release, root,
        *sources, timeout=280)
    with open(os.path.join(root, "etc/hosts"), "w", encoding="utf-8") as file:  # as every installed system has it
        file.write("127.0.0.1 localhost\n")


class Process:
    """A command in the root, as a user; ended by its pid."""

    def __init__(self, root, command, user="root"):
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(["chroot", f"--userspec={user}:{user}", root, *command], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.output)

    def said(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def running(self):
        return self.process.poll() is None

    def stop(self):
        if self.running():
            self.process.terminate()
        self.process.wait(20)
        self.output.close()


class System:
    """The root, and the services that systemd would run in it."""

    def __init__(self, root):
        self.root, self.broker, self.bridge = root, None, None

    def path(self, path):
        return self.root + path

    def read(self, path):
        with open(self.path(path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, *command, **options):
        return run("chroot", self.root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "HOME=/root", *command,
                   **options)

    def unit_lines(self, unit, key):
        """The commands of a unit's lines, with its environment file's variables put in."""
        text = self.read(unit)
        variables = {}
        for file in re.findall(r"^EnvironmentFile=-?(.*)$", text, re.MULTILINE):
            for line in self.read(file).splitlines():
                if "=" in line and not line.startswith("#"):
                    name, value = line.split("=", 1)
                    variables[name] = value.strip('"')
        commands = []
        for line in re.findall(rf"^{key}=(.*)$", text, re.MULTILINE):
            words = []
            for word in shlex.split(line):
                words += variables[word[1:]].split() if word.startswith("$") else [word]
            commands.append(words)
        return commands

    def start_broker(self):
        unit = "/lib/systemd/system/mosquitto.service"
        for command in self.unit_lines(unit, "ExecStartPre"):
            self.run(*command)
        (command,) = self.unit_lines(unit, "ExecStart")
        self.broker = Process(self.root, command)
        wait_until(lambda: answers(1883) or not self.broker.running(), 60, "the broker answers")
        assert self.broker.running(), self.broker.said() + self.broker_log()

    def start_bridge(self):
        (command,) = self.unit_lines(UNIT, "ExecStart")
        self.bridge = Process(self.root, command, user="mosquitto")
        wait_until(lambda: http_status("/ready") == 200 or not self.bridge.running(), 60, "the bridge is ready")
        assert self.bridge.running(), self.bridge.said()

    def stop(self):
        for process in (self.bridge, self.broker):
            if process:
                process.stop()
        self.bridge = self.broker = None

    def broker_log(self):
        return self.read("/var/log/mosquitto/mosquitto.log")[-3000:]

    def files(self):
        """Every path, with what it is: kind, rights, owner, where a link leads, what is in a file of /etc."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = os.path.join(folder, name)
                shown = path.removeprefix(self.root)
                if NOT_COMPARED.match(shown) or NOT_COMPARED.match(shown + "/"):
                    continue
                info = os.lstat(path)
                link = os.readlink(path) if os.path.islink(path) else ""
                content = ""
                if shown.startswith("/etc/") and os.path.isfile(path) and not link:
                    with open(path, "rb") as file:
                        content = hashlib.sha256(file.read()).hexdigest()
                found[shown] = (oct(info.st_mode), info.st_uid, info.st_gid, link, content)
        return found


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def http_status(path):
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def difference(before, after):
    return {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys()
            if before.get(path) != after.get(path)}


class Package(unittest.TestCase):
    """One life of the package; each step says what it is about. PACKAGE and SYSTEM are set by main()."""

    PACKAGE = SYSTEM = None
    maxDiff = None

    def setUp(self):
        self.system = self.SYSTEM
        self.addCleanup(self.system.stop)
        shutil.copy(self.PACKAGE, self.system.path("/tmp/parley.deb"))

    def install(self, package="/tmp/parley.deb"):
        return self.system.run("dpkg", "--install", package)

    def broker_alone(self):
        """Debian's broker as it comes: who says nothing of himself is let in on loopback."""
        self.system.start_broker()
        self.system.run("mosquitto_pub", "-t", "plain", "-m", "x")
        self.system.stop()

    def parley(self, *words, **options):
        return self.system.run("parley", "--config", f"{DATA}/admin.credentials", *words, **options)

    def chat(self, text):
        """By the stock clients: what alice sends, bob sees."""
        topic = "chat/v1/rooms/garden/events/json"
        bob = Process(self.system.root, ["stdbuf", "-oL", "mosquitto_sub", "-d", "-C", "1", "-W", "20", "-i", "bob-1", "-u", "bob",
                                         "-P", "pw-bob", "-t", topic])
        self.addCleanup(bob.stop)
        wait_until(lambda: "SUBACK" in bob.said() or not bob.running(), 10, "bob is subscribed")
        self.system.run("mosquitto_pub", "-i", "alice-1", "-u", "alice", "-P", "pw-alice", "-q", "1",
                        "-t", "chat/v1/rooms/garden/send/text", "-m", text)
        wait_until(lambda: not bob.running(), 25, "bob got it")
        self.assertIn(f'"text":"{text}"', bob.said())

    def history(self):
        lines = self.system.run("parley", "--user", "bob", "--password", "pw-bob", "history", "garden", "--all", "--json")
        events = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
        return [event["text"]["text"] for event in events if "text" in event]

    def test_one_life(self):
        system = self.system
        self.broker_alone()
        before = system.files()

        said = self.install()
        self.assertIn("admin.credentials", said)
        self.check_files()
        self.check_units()

        # It starts beside Debian's mosquitto, with the configuration that was installed.
        system.start_broker()
        system.start_bridge()
        self.assertEqual(os.stat(system.path(f"{DATA}/admin.credentials")).st_mode & 0o777, 0o600)
        for user in ("alice", "bob"):
            self.parley("admin", "create-user", user, "--password-stdin", stdin=self.typed(f"pw-{user}\n"))
        self.parley("admin", "create-room", "garden", "--member", "alice:owner", "--member", "bob")
        self.chat("hello")
        self.assertEqual(self.history(), ["hello"])
        refused = subprocess.run(["chroot", system.root, "mosquitto_pub", "-t", "plain", "-m", "x"], timeout=20,
                                 capture_output=True, check=False)
        self.assertNotEqual(refused.returncode, 0, "nobody is anonymous any more")

        # An upgrade: under running services, which go on; what the administrator has changed stays.
        with open(system.path(ACTIVE), "a", encoding="utf-8") as file:
            file.write("# mine\n")
        with open(system.path("/etc/default/parley-bridge"), "a", encoding="utf-8") as file:
            file.write("# mine, too\n")
        said = self.install(self.newer_package())
        self.assertIn("systemctl restart mosquitto", said)
        self.chat("through the upgrade")
        self.restart()
        self.assertTrue(system.read(ACTIVE).endswith("# mine\n"))
        self.assertTrue(system.read("/etc/default/parley-bridge").endswith("# mine, too\n"))
        self.chat("after it")

        # Removed: the broker goes on without; the data and the settings stay.
        said = system.run("dpkg", "--remove", "parley")
        self.assertIn(f"{ACTIVE}.disabled", said)
        system.stop()
        self.assertFalse(os.path.exists(system.path(ACTIVE)))
        self.broker_alone()

        # Back again, by the same version as at first (an older one), with everything that was there.
        self.install()
        self.assertTrue(system.read(ACTIVE).endswith("# mine\n"))
        system.start_broker()
        system.start_bridge()
        self.assertEqual(self.history(), ["hello", "through the upgrade", "after it"])
        self.install()  # once more over itself
        self.chat("and on")
        system.stop()
        self.assertTrue(glob.glob(system.path("/dev/shm/parley-*.key")), "there is a key to be removed")

        # Purged: nothing is left, and the broker is as it came.
        system.run("dpkg", "--purge", "parley")
        self.assertEqual(difference(before, system.files()), {})
        self.broker_alone()

    def test_a_broker_with_a_configuration_of_its_own_does_not_notice(self):
        system = self.system
        own = system.path("/etc/mosquitto/conf.d/own.conf")
        with open(own, "w", encoding="utf-8") as file:
            file.write("per_listener_settings true\nlistener 1883 127.0.0.1\nallow_anonymous true\n")
        self.addCleanup(lambda: os.path.exists(own) and os.unlink(own))
        self.broker_alone()
        before = system.files()
        said = self.install()
        self.assertIn("cp /usr/share/parley/mosquitto/parley.conf", said)
        self.assertFalse(os.path.exists(system.path(ACTIVE)))
        self.broker_alone()
        system.run("dpkg", "--purge", "parley")
        self.assertEqual(difference(before, system.files()), {})

    def check_files(self):
        system = self.system
        files = system.run("dpkg", "--listfiles", "parley").split("\n")
        for path in ("/usr/bin/parley", "/usr/sbin/parley-bridge", "/usr/share/man/man1/parley.1", UNIT, "/etc/default/parley-bridge",
                     "/usr/share/man/man8/parley-bridge.8", "/usr/share/bash-completion/completions/parley",
                     "/usr/share/zsh/vendor-completions/_parley", "/usr/share/fish/vendor_completions.d/parley.fish",
                     "/usr/share/doc/parley/metrics.md", "/usr/share/doc/parley/copyright"):
            self.assertIn(path, files)
        (plugin,) = re.findall(r"^plugin (.*)$", system.read(ACTIVE), re.MULTILINE)
        self.assertIn(plugin, files)
        data = os.stat(system.path(DATA))
        self.assertEqual((oct(data.st_mode & 0o7777), data.st_uid), ("0o700", int(system.run("id", "-u", "mosquitto"))))
        for path in filter(None, files):  # nothing but the data is anybody's but root's
            info = os.lstat(system.path(path))
            self.assertEqual((info.st_uid, info.st_mode & 0o022 if not os.path.islink(system.path(path)) else 0), (0, 0), path)

    def check_units(self):
        said = self.system.run("systemd-analyze", "verify", "--man=no", "parley-bridge.service", "parley-bridge.path")
        self.assertNotIn("parley", said)
        for unit in ("parley-bridge.service", "parley-bridge.path"):
            link = self.system.path(f"/etc/systemd/system/multi-user.target.wants/{unit}")
            self.assertTrue(os.path.islink(link), f"{unit} starts with the machine")

    def restart(self):
        self.system.stop()
        self.system.start_broker()
        self.system.start_bridge()

    def typed(self, text):
        """A file to be read as standard input."""
        file = tempfile.TemporaryFile()
        self.addCleanup(file.close)
        file.write(text.encode())
        file.seek(0)
        return file

    def newer_package(self):
        """The same with a higher version."""
        folder = self.system.path("/tmp/newer")
        run("dpkg-deb", "--raw-extract", self.PACKAGE, folder)
        control = os.path.join(folder, "DEBIAN/control")
        with open(control, encoding="utf-8") as file:
            text = re.sub(r"^Version: (.*)$", r"Version: \1+newer", file.read(), flags=re.MULTILINE)
        with open(control, "w", encoding="utf-8") as file:
            file.write(text)
        run("dpkg-deb", "-Zgzip", "-z1", "--build", folder, self.system.path("/tmp/newer.deb"))
        shutil.rmtree(folder)
        return "/tmp/newer.deb"


# The namespaces: main() → make() in a mount namespace, with the network → judge() without it.

def again(*command):
    """This program's next stage, inside; its exit code."""
    process = subprocess.Popen([*command[:-1], sys.executable, os.path.abspath(__file__), *command[-1]])
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGKILL)
        raise


def cannot(why):
    """No Debian can be made here: skipped, but a failure where everything must be tested."""
    print(f"the package was not tested: {why}", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") else SKIPPED)


def main():
    if os.geteuid() != 0:
        cannot("that needs root, to make a Debian and enter it")
    if not shutil.which("mmdebstrap"):
        cannot("there is no mmdebstrap (scripts/packages.txt)")
    folder = tempfile.mkdtemp(prefix="parley-package-")
    try:
        sys.exit(again("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
                       ["make", folder]))
    finally:
        os.rmdir(folder)


def make(folder):
    run("mount", "-t", "tmpfs", "-o", "mode=0755,size=4g", "tmpfs", folder)
    package = make_package(os.path.join(folder, "package"))
    root = os.path.join(folder, "root")
    try:
        make_root(root, package)
    except AssertionError as error:
        cannot(str(error))
    run("mount", "-t", "proc", "proc", os.path.join(root, "proc"))
    run("mount", "--rbind", "/dev", os.path.join(root, "dev"))
    run("mount", "-t", "tmpfs", "tmpfs", os.path.join(root, "dev/shm"))
    sys.exit(again("unshare", "--net", ["judge", package, root]))


def judge(package, root):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:  # ip link set lo up
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS
    Package.PACKAGE, Package.SYSTEM = package, System(root)
    unittest.main(argv=[sys.argv[0]], verbosity=2)


if __name__ == "__main__":
    {"make": make, "judge": judge}[sys.argv[1]](*sys.argv[2:]) if len(sys.argv) > 1 else main()
