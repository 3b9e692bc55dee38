"""Parley against the bare broker, in alternating pairs on the same machine; prints medians and ratios.

    benchmark.py [SCENARIO …] [--pairs N] [--seconds S]

Both brokers run with the settings of mosquitto.conf; the bare one has no plugin, no accounts and no persistence, ours
has everything on disk (fsynced) before it is delivered. PARLEY_BUILD names the build (use the release build). Only
ratios of one run compare: absolute figures drift with the machine.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from tests.support.broker import BUILD, ROOT, Broker, Daemon, mosquitto_program
from tests.support.client import Client
from tests.support.raw import Session
from tests.support.waiting import free_port, wait_until

LOAD = os.path.join(BUILD, "tests/benchmark/parley_load")
SHARED_SETTINGS = ("set_tcp_nodelay", "max_packet_size", "max_inflight_messages", "max_queued_messages", "max_queued_bytes",
                   "allow_duplicate_messages", "log_type", "log_timestamp_format")
BARE = ["--send", "bench/{room}", "--receive", "bench/{room}"]
OURS_TEXT_PB = ["--accounts", "--send", "chat/v1/rooms/{room}/send/text", "--receive", "chat/v1/rooms/{room}/events/pb"]
OURS_JSON = ["--accounts", "--send", "chat/v1/rooms/{room}/send/json", "--receive", "chat/v1/rooms/{room}/events/json",
             "--acks", "chat/v1/clients/{client}/acks/json", "--payload", '{"id":"{id}","text":{"text":"{text}"}}']
TEN = ["--publishers", "10", "--subscribers", "10", "--rooms", "10"]
FAN = ["--publishers", "4", "--subscribers", "40", "--rooms", "1", "--undelivered", "1600"]
IDLE = ["--publishers", "1", "--subscribers", "1", "--rooms", "1", "--rate", "100"]

# name → (what, arguments of both, of ours, goal, least acceptable)
FLOWS = {
    "throughput": ("(a) text → pb, 10 → 10 over 10 rooms", TEN, OURS_TEXT_PB, 1.1, 0.85),
    "acknowledged": ("(b) JSON → JSON with ids, dedupe, subscribed acks", TEN, OURS_JSON, 0.8, 0.5),
    "fan-out": ("(c) 4 publishers → 40 subscribers of one room", FAN, OURS_TEXT_PB, 1.6, 1.2),
}
USERS, ROOMS = 40, 10


class BareBroker:
    """Mosquitto without us, with the same settings."""

    def __init__(self, folder):
        self.port = free_port()
        with open(os.path.join(ROOT, "mosquitto.conf"), encoding="utf-8") as file:
            shared = [line for line in file.read().splitlines() if line.split(" ")[0] in SHARED_SETTINGS]
        path = os.path.join(folder, "bare.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join([f"listener {self.port} 127.0.0.1", "allow_anonymous true", *shared,
                                  "persistence false", "log_dest stderr", ""]))
        self.daemon = Daemon("bare mosquitto", os.path.join(folder, "bare.log"))
        self.daemon.start(mosquitto_program(), "-c", path)
        self.daemon.wait_ready(self.answers)

    def answers(self):
        import socket
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    @property
    def pid(self):
        return self.daemon.process.pid


def admin_of(broker):
    user, password = broker.credentials()
    return Client(broker, user, password).connect()


def make_accounts(broker):
    """p0…, s0… with passwords of the same name; rooms r0… with all of them."""
    names = [f"p{i}" for i in range(10)] + [f"s{i}" for i in range(USERS)]
    commands = [{"command": "createUser", "username": name, "password": name} for name in names]
    members = [{"user": name} for name in names]
    commands += [{"command": "createRoom", "room": f"r{i}", "members": members} for i in range(ROOMS)]
    admin = admin_of(broker)
    for answer in admin.control(*commands, timeout=120):
        assert "error" not in answer, answer
    admin.close()


def load(port, pid, arguments, seconds):
    command = [LOAD, "--port", str(port), "--pid", str(pid), "--seconds", str(seconds), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=seconds + 120, check=True, text=True)
    return json.loads(done.stdout)


def run_flow(name, bare, ours, options):
    what, both, our_arguments, goal, least = FLOWS[name]
    print(f"{name}: {what}", flush=True)
    pairs = []
    for i in range(options.pairs):
        results = {}
        for which in (("bare", "ours") if i % 2 == 0 else ("ours", "bare")):
            broker, arguments = (bare, BARE) if which == "bare" else (ours, our_arguments)
            pid = bare.pid if which == "bare" else ours.broker.process.pid
            results[which] = load(broker.port, pid, both + arguments, options.seconds)
        ratio = results["ours"]["delivered_per_s"] / results["bare"]["delivered_per_s"]
        pairs.append((ratio, results))
        shown = "   ".join(f"{which} {r['delivered_per_s'] / 1000:6.1f} k/s, CPU {r['cpu_us']:5.1f} us, "
                           f"p50/p99 {r['latency_ms'][0]:6.2f}/{r['latency_ms'][2]:6.2f} ms"
                           for which, r in (("ours", results["ours"]), ("bare", results["bare"])))
        print(f"  pair {i + 1}: ratio {ratio:.2f}   {shown}", flush=True)
    ratio = statistics.median(pair[0] for pair in pairs)
    print(f"  median {ratio:.2f}   goal {goal} (least {least}): "
          f"{'met' if ratio >= goal else 'acceptable' if ratio >= least else 'MISSED'}", flush=True)
    return ratio >= least


def run_idle(bare, ours, options):
    print("idle: (d) 100 messages a second, one publisher, one subscriber", flush=True)
    rows = {"bare": [], "ours": []}
    for _ in range(options.pairs):
        rows["bare"].append(load(bare.port, bare.pid, IDLE + BARE, options.seconds)["latency_ms"])
        rows["ours"].append(load(ours.port, ours.broker.process.pid, IDLE + OURS_TEXT_PB, options.seconds)["latency_ms"])
    middle = {which: [statistics.median(row[i] for row in rows[which]) for i in (0, 2)] for which in rows}
    extra = middle["ours"][0] - middle["bare"][0]
    print(f"  p50 {middle['ours'][0]:.2f} ms = bare {middle['bare'][0]:.2f} + {extra:.2f} (goal + 0.8);  "
          f"p99 {middle['ours'][1]:.2f} ms, bare {middle['bare'][1]:.2f} (goal 10)", flush=True)
    return extra <= 0.8 and middle["ours"][1] <= 10


def compare(pairs, measure):
    """The median of ours / bare over alternating pairs of measure(which)."""
    rows = [(measure("ours"), measure("bare")) for _ in range(pairs)]
    return (statistics.median(ours / bare for ours, bare in rows),
            statistics.median(row[0] for row in rows), statistics.median(row[1] for row in rows))


def run_connects(bare, ours, options):
    arguments = {"bare": ["--mode", "connects"],
                 "ours": ["--mode", "connects", "--user", "s0", "--password", "s0"]}
    brokers = {"bare": bare, "ours": ours}
    ratio, of_ours, of_bare = compare(options.pairs, lambda which: load(
        brokers[which].port, 0, [*arguments[which], "--count", "4"], options.seconds)["connects_per_s"])
    print(f"connects: (g) with a remembered password {of_ours:.0f}/s, bare {of_bare:.0f}/s: ratio {ratio:.2f}   "
          "goal 0.9 (least 0.7)", flush=True)
    return ratio >= 0.7


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def held_bytes(port, pid, count, *arguments):
    """What the broker grows by for each of `count` idle connections."""
    before = resident_kib(pid)
    command = [LOAD, "--port", str(port), "--mode", "hold", "--count", str(count), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline().strip() == "ready"
        grown = (resident_kib(pid) - before) * 1024 / count
        holder.stdin.close()
        holder.wait(60)
    return grown


def run_memory(_bare, _ours, options):
    """With fresh brokers: what an earlier scenario has freed would be used again, and not seen."""
    with Broker() as ours:
        bare = BareBroker(ours.folder)
        try:
            make_accounts(ours)
            login = ["--user", "s0", "--password", "s0"]
            held_bytes(ours.port, ours.broker.process.pid, 10, *login)  # what the first ones need once
            held_bytes(bare.port, bare.pid, 10)
            of_ours = held_bytes(ours.port, ours.broker.process.pid, options.connections, *login)
            of_bare = held_bytes(bare.port, bare.pid, options.connections)
        finally:
            bare.daemon.kill()
    ratio = of_ours / max(of_bare, 1)  # a few connections grow nothing
    print(f"memory: (h) {of_ours:.0f} bytes an idle connection, bare {of_bare:.0f}: ratio {ratio:.2f}   "
          f"goal 1.25 (most 1.5), {options.connections} connections", flush=True)
    return ratio <= 1.5


def run_pages(_bare, ours, options):
    request = ["--mode", "requests", "--client", "reader", "--user", "s0", "--password", "s0",
               "--request", '"room":"r0","limit":50']
    load(ours.port, 0, ["--publishers", "1", "--subscribers", "1", "--rooms", "1", *OURS_TEXT_PB], 0.5)
    idle = load(ours.port, 0, request, options.seconds)["latency_ms"]
    background = subprocess.Popen(
        [LOAD, "--port", str(ours.port), "--publishers", "9", "--subscribers", "9", "--rooms", "9", "--rate", "1000",
         "--seconds", str(options.seconds + 1), *OURS_TEXT_PB], stdout=subprocess.DEVNULL)
    busy = load(ours.port, 0, [*request, "--send", "chat/v1/rooms/r9/send/text"], options.seconds)["latency_ms"]
    background.wait(60)
    print(f"pages: (f) 50 events: p50 {idle[0]:.2f} ms on an idle store (goal 3), {busy[0]:.2f} ms right after one's "
          f"own ack at 1000 messages/s (goal 10); p99 {idle[2]:.2f} and {busy[2]:.2f}", flush=True)
    return idle[0] <= 3 and busy[0] <= 10


def run_big_room(bare, ours, options):
    big = ["--mode", "big-room", "--count", str(options.members)]
    one = ["--user", "s0", "--password", "s0", "--receive", "chat/v1/rooms/r0/events/pb",
           "--send", "chat/v1/rooms/r0/send/text"]
    ratio, of_ours, of_bare = compare(options.pairs, lambda which: load(
        ours.port if which == "ours" else bare.port, 0,
        big + (one if which == "ours" else ["--receive", "bench/big", "--send", "bench/big"]), 60)["fan_out_ms"])
    print(f"big-room: (i) {options.members} online by the room's topic {of_ours:.1f} ms, bare {of_bare:.1f} ms: ratio "
          f"{ratio:.2f} (goal 1.2)", flush=True)
    own = load(ours.port, 0, ["--mode", "big-room", "--count", str(USERS), "--accounts", "--receive",
                              "chat/v1/users/{client}/events/pb", "--send", "chat/v1/rooms/r0/send/text"], 60)
    print(f"big-room: (i) {USERS} users by users/{{user}}/events: the loop is held {own['longest_hold_ms']:.1f} ms at "
          "most (goal 20)", flush=True)
    return ratio <= 1.2 and own["longest_hold_ms"] <= 20


def run_endurance(_bare, ours, options):
    """(e): a long run at 70 % of the maximum on a store that already holds many messages."""
    flow = [*TEN, *OURS_TEXT_PB]
    pid = ours.broker.process.pid
    admin = admin_of(ours)

    def stored():
        return int(admin.control({"command": "stats"})[0]["data"]["committed"])

    while stored() < options.stored:
        load(ours.port, pid, flow, 10)
    held = stored()
    most = statistics.median(load(ours.port, pid, flow, options.seconds)["delivered_per_s"] for _ in range(3))
    rate = 0.7 * most
    print(f"endurance: (e) {options.minutes:g} minutes at {rate / 1000:.1f} k/s, 70 % of the maximum, on {held} messages",
          flush=True)
    windows = []
    for _ in range(max(4, round(options.minutes * 60 / 30))):
        windows.append(load(ours.port, pid, [*flow, "--rate", f"{rate:.0f}"], options.minutes * 60 / max(
            4, round(options.minutes * 60 / 30))))
        print(f"  {windows[-1]['delivered_per_s'] / 1000:.1f} k/s, p50/p99 {windows[-1]['latency_ms'][0]:.1f}/"
              f"{windows[-1]['latency_ms'][2]:.1f} ms, {resident_kib(pid) // 1024} MB", flush=True)
    admin.close()
    quarter = len(windows) // 4
    first, last = windows[:quarter], windows[-quarter:]

    def middle(rows, value):
        return statistics.median(value(row) for row in rows)

    throughput = middle(last, lambda row: row["delivered_per_s"]) / middle(first, lambda row: row["delivered_per_s"])
    p99 = [middle(rows, lambda row: row["latency_ms"][2]) for rows in (first, last)]
    flat = throughput >= 0.95 and p99[1] <= 1.5 * p99[0] + 2
    print(f"  last quarter / first: throughput {throughput:.2f}, p99 {p99[0]:.1f} -> {p99[1]:.1f} ms: "
          f"{'flat' if flat else 'NOT flat'}", flush=True)
    return flat


def ask(session, number, method, **body):
    """(reply, milliseconds to its last byte), by a bare session that has subscribed to its replies."""
    session.inbox.clear()
    start = time.monotonic()
    session.publish(f"chat/v1/requests/{method}/json", json.dumps({"requestId": str(number), **body}), 0)
    session.pump(lambda: session.inbox, 60, f"reply to {method}")
    took_ms = (time.monotonic() - start) * 1000
    return json.loads(session.inbox[0][1]), took_ms


def run_sync(_bare, ours, options):
    """A first sync of 200 rooms of 20 events, and one that brings nothing."""
    rooms, events = 200, 20
    admin, sender = admin_of(ours), Client(ours, "p0", "p0").connect()
    members = [{"user": "p0"}, {"user": "s1"}]
    names = [f"sync{i}" for i in range(rooms)]
    for answer in admin.control(*[{"command": "createRoom", "room": name, "members": members} for name in names],
                                timeout=120):
        assert "error" not in answer, answer
    for name in names:
        ids = [sender.send(name, "what twenty messages say, " * 3) for _ in range(events)]
        sender.wait(lambda ids=ids: all(i in sender.acks for i in ids), 60)
    reader, first = Session(ours.port, "s1", "s1", "sync-reader"), []
    reader.subscribe("chat/v1/clients/sync-reader/replies/json")
    for number in range(max(5, options.pairs)):
        cursor, more, all_ms, found = "0", True, 0.0, 0
        while more:
            reply, took_ms = ask(reader, number, "sync", cursor=cursor, limit=1000, eventsPerRoom=events)
            cursor, more, all_ms = reply["cursor"], reply["more"], all_ms + took_ms
            found += sum(room["room"] in names for room in reply["rooms"])
        assert found == rooms, found
        first.append(all_ms)
    for client in (admin, sender, reader):
        client.close()
    nothing = load(ours.port, 0, ["--mode", "requests", "--client", "reader", "--user", "s1", "--password", "s1",
                                  "--method", "sync", "--request", f'"cursor":"{cursor}"'],
                   options.seconds)["latency_ms"]
    print(f"sync: (j) first one of {rooms} rooms with {events} events, all pages: {statistics.median(first):.0f} ms "
          f"(goal 150); an empty one p50 {nothing[0]:.2f} ms, p99 {nothing[2]:.2f} (goal 3)", flush=True)
    return statistics.median(first) <= 150 and nothing[0] <= 3


def run_bridge(_bare, ours, options):
    """What the bridge beside it costs the spine: presence, the consumers of the feed, push."""
    met = True
    with Broker() as alone:
        make_accounts(alone)
        for name, (what, both, arguments, _, _) in FLOWS.items():
            brokers = {"ours": ours, "bare": alone}
            ratio, beside, without = compare(options.pairs, lambda which: load(
                brokers[which].port, brokers[which].broker.process.pid, both + arguments,
                options.seconds)["delivered_per_s"])
            print(f"bridge: {what}: {beside / 1000:.1f} k/s with the bridge, {without / 1000:.1f} k/s without: ratio "
                  f"{ratio:.2f} (goal 0.97)", flush=True)
            met = met and ratio >= 0.97
    return met


PROBES = {"idle": run_idle, "connects": run_connects, "memory": run_memory, "pages": run_pages,
          "big-room": run_big_room, "sync": run_sync}
NEED_BRIDGE = {"pages", "sync", "bridge"}
LONG_PROBES = {"endurance": run_endurance, "bridge": run_bridge}  # only when named


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="of " + ", ".join([*FLOWS, *PROBES]) + "; none = all of these; or endurance, bridge")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=5000, help="held for their memory")
    parser.add_argument("--members", type=int, default=10_000, help="online in the big room")
    parser.add_argument("--stored", type=int, default=10_000_000, help="messages in the store when endurance begins")
    parser.add_argument("--minutes", type=float, default=10, help="of endurance")
    parser.add_argument("--report-only", action="store_true", help="exit code 0 whatever is measured (a smoke test)")
    parser.add_argument("--plugin-option", action="append", default=[], help='a line such as "parley_coalesce off"')
    parser.add_argument("--without-bridge", action="store_true", help="the broker alone, but where a scenario needs the bridge")
    options = parser.parse_args()
    scenarios = options.scenario or [*FLOWS, *PROBES]
    if options.without_bridge and not options.scenario:
        scenarios = [name for name in scenarios if name not in NEED_BRIDGE]
    with_bridge = not options.without_bridge or any(name in NEED_BRIDGE for name in scenarios)
    plugin_options = [f"plugin_opt_{line}" for line in options.plugin_option]
    with Broker(bridge=with_bridge, plugin_options=plugin_options) as ours:
        bare = BareBroker(ours.folder)
        try:
            make_accounts(ours)
            probes = {**PROBES, **LONG_PROBES}
            met = [probes[name](bare, ours, options) if name in probes else run_flow(name, bare, ours, options)
                   for name in scenarios]
        finally:
            bare.daemon.kill()
    return 0 if all(met) or options.report_only else 1


if __name__ == "__main__":
    sys.exit(main())
