"""Push: how many notifications a second, how late, in how much memory; and beside a provider that hangs.

    push.py [SCENARIO …] [--pushes N] [--members N] [--devices N] [--rooms N]

A broker with the plugin, a bridge, and one process of Node.js (tests/receivers/sink.mjs) that takes everything by HTTP/2 over
TLS, all on this machine. Nobody but the sender is connected; messages go to the rooms in turn, and every member but the sender
is told on every device. PARLEY_BUILD names the build (use the release build).
"""
import argparse
import os
import statistics
import sys
import threading
import time

from tests.benchmark.benchmark import resident_kib
from tests.support.broker import Broker
from tests.support.client import Client
from tests.support.receivers import PushSink
from tests.support.waiting import wait_until

TEXT = "what a hundred bytes of a message say, " * 3
PROVIDERS = {"fcm": "fcm", "apns": "apns", "web-push": "web_push"}
FOURTH = 4
WINDOW = 100  # messages without an ack
GOAL_PER_S, LEAST_BESIDE_HANGING, MOST_GROWN = 3000, 0.9, 1.25


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class World:
    """Broker, bridge and receiver. groups: {name: providers}; each group has rooms and members of its own. The first provider has
    options.devices of every member, further ones have one device of every fourth. with World(groups, options) as world: …"""

    def __init__(self, groups, options):
        self.groups, self.options = groups, options
        self.pause = threading.Event()  # never set: a bounded wait
        self.broker = Broker(bridge=True)
        self.sink = PushSink(os.path.join(self.broker.folder, "sink"))
        self.sender = None
        self.sent = 0  # messages of this burst that are stored

    def __enter__(self):
        try:
            self.sink.__enter__()
            self.broker.bridge_options = [*self.sink.bridge_options(), "--presence-grace-ms", "100"]
            self.broker.start()
            self.make_accounts()
            self.register()
            for group, providers in self.groups.items():  # connections, tokens and caches are there
                self.burst(group, providers, 10 * self.pushes_a_message)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.sender:
            self.sender.close()
        self.broker.close()
        if self.sink.process:
            self.sink.__exit__()

    @property
    def pushes_a_message(self):
        return self.options.members // self.options.rooms * self.options.devices

    def members(self, group):
        return [f"{group}-m{i}" for i in range(self.options.members)]

    def make_accounts(self):
        commands = [{"command": "createUser", "username": "sender", "password": "sender"}]
        for group in self.groups:
            members = self.members(group)
            commands += [{"command": "createUser", "username": name, "password": name} for name in members]
            for i in range(self.options.rooms):
                commands.append({"command": "createRoom", "room": f"{group}-r{i}", "members": [
                    {"user": name} for name in ["sender", *members[i::self.options.rooms]]]})
        with Client(self.broker, *self.broker.credentials()).connect() as admin:
            for at in range(0, len(commands), 50):
                for answer in admin.control(*commands[at:at + 50], timeout=120):
                    assert "error" not in answer, answer

    def target(self, provider, name):
        if provider == "web_push":
            return {"webPush": self.sink.subscription(name)}
        return {provider: {"token": name if provider == "fcm" else name.encode().hex().ljust(64, "0")}}

    def register(self):
        self.sender = Client(self.broker, "sender", "sender").connect()
        for group, providers in self.groups.items():
            for at, name in enumerate(self.members(group)):
                devices = [(providers[0], i) for i in range(self.options.devices)]
                if at < self.options.members // FOURTH:
                    devices += [(provider, 0) for provider in providers[1:]]
                with Client(self.broker, name, name).connect() as member:
                    for provider, i in devices:
                        device = f"{provider}-{i}"
                        reply = member.request("push.register", device=device, **self.target(provider, f"{name}-{device}"))
                        assert reply["code"] == "OK", reply
            for at in range(0, self.options.members, 100):
                wait_until(lambda users=self.members(group)[at:at + 100]: self.offline(users), 60, "the members are gone")

    def offline(self, users):
        seen = self.sender.request("presence.get", users=users)["presences"]
        return len(seen) == len(users) and all(each["state"] == "OFFLINE" for each in seen)

    # Load.

    def send(self, group, count, per_s=None):
        """`count` messages, to the group's rooms in turn; as fast as they are acknowledged, or so many a second."""
        start, self.sent = time.monotonic(), 0
        for first in range(0, count, WINDOW):
            ids = []
            for i in range(first, min(count, first + WINDOW)):
                if per_s:
                    self.pause.wait(max(0, start + i / per_s - time.monotonic()))
                ids.append(self.sender.send(f"{group}-r{i % self.options.rooms}", TEXT))
            for each in ids:
                self.sender.ack(each, 60)
            self.sent += len(ids)

    def burst(self, group, providers, pushes, per_s=None):
        """What the receiver says of so many notifications by the first provider, and what the bridge took for them."""
        pid, first = self.broker.bridge.process.pid, providers[0]
        messages = max(1, pushes // self.pushes_a_message)
        due = messages * self.pushes_a_message
        self.sink.ask(begin=True)
        before, cpu, sink_cpu = resident_kib(pid), cpu_seconds(pid), cpu_seconds(self.sink.process.pid)
        sending = threading.Thread(target=self.send, args=(group, messages, per_s and per_s / self.pushes_a_message))
        sending.start()
        most, backlog, deadline, count = before, 0, time.monotonic() + 120 + due / 200, 0
        while count < due:
            assert time.monotonic() < deadline, f"{count} of {due} came"
            self.pause.wait(0.05)
            most, count = max(most, resident_kib(pid)), self.sink.ask(count=first)["count"]
            backlog = max(backlog, self.sent * self.pushes_a_message - count)
        sending.join()
        report = self.sink.ask(report=first)
        report["per_s"] = (report["count"] - 1) / max(report["seconds"], 0.001)
        report["cpu_us"] = (cpu_seconds(pid) - cpu) * 1e6 / due
        report["sink_cpu_us"] = (cpu_seconds(self.sink.process.pid) - sink_cpu) * 1e6 / due
        report["backlog"] = backlog
        report["memory_mib"] = [kib / 1024 for kib in (before, most, resident_kib(pid))]
        return report


def shown(report):
    before, most, after = report["memory_mib"]
    return (f"{report['count']} pushes, {report['per_s']:.0f}/s, {report['cpu_us']:.0f} us of CPU each (receiver "
            f"{report['sink_cpu_us']:.0f}); up to {report['backlog']} waiting; the bridge holds "
            f"{before:.0f} MiB before, {most:.0f} at most, {after:.0f} after")


def run_provider(name, options):
    provider = PROVIDERS[name]
    with World({"all": [provider]}, options) as world:
        rates = []
        for _ in range(options.pairs):
            report = world.burst("all", [provider], options.pushes)
            rates.append(report["per_s"])
            print(f"{name}: {shown(report)}", flush=True)
        paced = world.burst("all", [provider], options.rate * options.seconds, options.rate)
    rate = statistics.median(rates)
    p50, p99 = paced["latency_ms"]
    print(f"{name}: median {rate:.0f}/s from the first to the last accepted (goal {GOAL_PER_S}); at {options.rate}/s from the "
          f"broker's taking a message, fsync and all, to the receiver p50 {p50:.0f} ms, p99 {p99:.0f} ms", flush=True)
    return rate >= GOAL_PER_S


def run_memory(_name, options):
    """Few messages with many notifications each: it is the backlog that grows, not the store. The first run fills RocksDB's buffers."""
    with World({"all": ["fcm"]}, argparse.Namespace(**{**vars(options), "rooms": 1})) as world:
        most = []
        for pushes in (5 * options.pushes, options.pushes, 10 * options.pushes):
            report = world.burst("all", ["fcm"], pushes)
            most.append(report["memory_mib"][1])
            print(f"memory: {shown(report)}", flush=True)
    grown = most[2] / most[1]
    print(f"memory: ten times as many hold {grown:.2f} times as much at most (most {MOST_GROWN})", flush=True)
    return grown <= MOST_GROWN


def run_hanging(_name, options):
    """FCM answers; with "both", every fourth member has a device of APNs, too, which takes requests and never answers."""
    with World({"alone": ["fcm"], "both": ["fcm", "apns"]}, options) as world:
        ratios, latencies, hung = [], {"alone": [], "both": []}, 0
        for i in range(options.pairs):
            rates, cpu = {}, {}
            for group in (("alone", "both") if i % 2 == 0 else ("both", "alone")):
                world.sink.ask(hang=["apns"])
                report = world.burst(group, ["fcm"], options.pushes)
                rates[group], cpu[group] = report["per_s"], report["cpu_us"]
                hung += world.sink.ask(count="apns")["hung"]
                finish_hanging(world, group, options.pushes)
                world.sink.ask(hang=["apns"])
                latencies[group].append(world.burst(group, ["fcm"], options.rate * options.seconds, options.rate)["latency_ms"])
                finish_hanging(world, group, options.rate * options.seconds)
            ratios.append(rates["both"] / rates["alone"])
            print(f"hanging: pair {i + 1}: FCM alone {rates['alone']:.0f}/s ({cpu['alone']:.0f} us of CPU each), beside an APNs that "
                  f"hangs {rates['both']:.0f}/s ({cpu['both']:.0f} us): ratio {ratios[-1]:.2f}", flush=True)
    assert hung, "nothing has hung"
    ratio = statistics.median(ratios)
    middle = {group: [statistics.median(row[i] for row in rows) for i in (0, 1)] for group, rows in latencies.items()}
    print(f"hanging: median ratio {ratio:.2f} (least {LEAST_BESIDE_HANGING}); at {options.rate}/s p50/p99 alone "
          f"{middle['alone'][0]:.0f}/{middle['alone'][1]:.0f} ms, beside {middle['both'][0]:.0f}/{middle['both'][1]:.0f} ms",
          flush=True)
    return ratio >= LEAST_BESIDE_HANGING


def finish_hanging(world, group, pushes):
    """APNs answers again, until everything of it was handed over once."""
    world.sink.ask(hang=[])
    if group != "both":
        return
    a_message = world.options.members // FOURTH // world.options.rooms
    due = max(1, pushes // world.pushes_a_message) * a_message

    def all_came():
        seen = world.sink.ask(count="apns")
        return seen["count"] + seen["hung"] >= due
    wait_until(all_came, 120 + due / 200, "APNs has everything")


SCENARIOS = {**{name: run_provider for name in PROVIDERS}, "memory": run_memory, "hanging": run_hanging}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="of " + ", ".join(SCENARIOS) + "; none = all of them")
    parser.add_argument("--pushes", type=int, default=20_000, help="of one run; memory has ten times as many, too")
    parser.add_argument("--members", type=int, default=200, help="of all rooms, none of them connected")
    parser.add_argument("--devices", type=int, default=2, help="of each member, by each provider")
    parser.add_argument("--rooms", type=int, default=10, help="that the members are spread over")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each kind")
    parser.add_argument("--rate", type=int, default=1000, help="pushes a second while latency is measured")
    parser.add_argument("--seconds", type=int, default=5, help="of that")
    parser.add_argument("--report-only", action="store_true", help="exit code 0 whatever is measured (a smoke test)")
    options = parser.parse_args()
    met = [SCENARIOS[name](name, options) for name in options.scenario or SCENARIOS]
    return 0 if all(met) or options.report_only else 1


if __name__ == "__main__":
    sys.exit(main())
