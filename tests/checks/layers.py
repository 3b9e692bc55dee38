"""Holds the architecture: who may include whom, and where each third party lives.

The table below is the whole truth: an include that it does not allow fails. To add an edge is a decision about
the architecture, made here and seen in review.

    layers.py [ROOT]    exit code 1 and one line for each violation
"""
import os
import re
import sys

from sources import ROOT, sources

# room → rooms that it may include (itself always). A file belongs to the longest room that its path starts with.
DOMAIN = {"schemas", "core/domain"}
PLUGIN_FLOOR = DOMAIN | {"core/log", "broker-plugin/auth", "broker-plugin/acl"}
PLUGIN_MIDDLE = {"broker-plugin/gate", "broker-plugin/delivery", "broker-plugin/control", "broker-plugin/requests",
                 "broker-plugin/rewind"}
CORE = DOMAIN | {"core/store", "core/log", "core/metrics"}
BRIDGE_FLOOR = DOMAIN | {"core/store", "core/metrics", "client/transport", "bridge/service", "bridge/metrics"}
BRIDGE_MIDDLE = {f"bridge/{name}" for name in (
    "history", "sync", "rooms", "users", "presence", "search", "feed", "http", "outbound")}
# The consumers of the change feed.
BRIDGE_CONSUMERS = {"bridge/totals", "bridge/receipts", "bridge/presence"}
# What calls other servers: {push → providers, webhooks} → outbound.
BRIDGE_CALLERS = {"bridge/push", "bridge/webhooks"}

ALLOWED = {
    # The ground.
    "schemas": set(),
    # core: log → store → domain.
    "core/domain": {"schemas"},
    "core/store": DOMAIN,
    "core/metrics": set(),
    "core/log": DOMAIN | {"core/store", "core/metrics"},
    # broker-plugin: mosquitto → app → {control, requests, rewind} → gate → delivery → {auth, acl}. What goes out goes
    # through delivery/; a command of $CONTROL or of a request enters the log by the gate's one door. The log itself is seen as core/log's CommitLog.
    "broker-plugin/acl": DOMAIN,
    "broker-plugin/auth": DOMAIN,
    "broker-plugin/delivery": PLUGIN_FLOOR,
    "broker-plugin/gate": PLUGIN_FLOOR | {"broker-plugin/delivery"},
    "broker-plugin/control": PLUGIN_FLOOR | {"broker-plugin/delivery", "broker-plugin/gate"},
    "broker-plugin/requests": PLUGIN_FLOOR | {"broker-plugin/delivery", "broker-plugin/gate"},
    # It reads events of the store, beside the commit thread.
    "broker-plugin/rewind": PLUGIN_FLOOR | {"broker-plugin/delivery", "core/store"},
    "broker-plugin/app": PLUGIN_FLOOR | PLUGIN_MIDDLE | CORE,
    # It implements the Broker interface, which delivery/ owns; OpenSSL's certificates are read in auth/.
    "broker-plugin/mosquitto": {"schemas", "broker-plugin/app", "broker-plugin/delivery", "broker-plugin/auth"},
    # bridge: main → app → {history, …, http} → service → metrics; app → {totals, receipts, presence, push, webhooks} → feed → service.
    "bridge/metrics": {"schemas", "core/metrics"},
    "bridge/service": BRIDGE_FLOOR - {"bridge/service"},
    **{room: BRIDGE_FLOOR for room in BRIDGE_MIDDLE},
    **{room: BRIDGE_FLOOR | {"bridge/feed"} for room in BRIDGE_CONSUMERS},
    "bridge/providers": BRIDGE_FLOOR | {"bridge/outbound"},
    "bridge/push": BRIDGE_FLOOR | {"bridge/feed", "bridge/outbound", "bridge/providers"},
    "bridge/webhooks": BRIDGE_FLOOR | {"bridge/feed", "bridge/outbound"},
    "bridge/app": BRIDGE_FLOOR | BRIDGE_MIDDLE | BRIDGE_CONSUMERS | BRIDGE_CALLERS | {"bridge/providers"},
    "bridge": {"schemas", "bridge/app", "bridge/service"},
    # client: main → cli → api → {session, transport}.
    "client/session": {"schemas"},
    "client/transport": {"schemas"},
    "client/api": {"schemas", "client/session", "client/transport"},
    # The options and ids that a command line fills in are values of session/ and transport/.
    "client/cli": {"schemas", "client/api", "client/session", "client/transport"},
    "client": {"schemas", "client/cli"},
}

# third party (prefix of the include) → where it may be included: a room, or an ending of the file's name.
THIRD_PARTIES = [
    (r"rocksdb/", ["core/store/"]),
    (r"mosquitto", ["broker-plugin/mosquitto/"]),
    (r"mqtt/|MQTT(Async|Client|Properties)", ["client/transport/"]),
    (r"boost/program_options", ["_options.h", "_options.cc"]),
    (r"boost/(beast|asio)", ["bridge/http/"]),
    (r"boost/container/", ["core/domain/"]),
    (r"boost/", []),
    (r"prometheus/", ["bridge/metrics/"]),
    (r"sodium", ["broker-plugin/auth/", "broker-plugin/gate/body_hash.cc", "broker-plugin/app/chat_plugin.cc", "broker-plugin/app/chat_plugin_login.cc"]),
    (r"openssl/", ["broker-plugin/auth/", "bridge/outbound/", "bridge/providers/", "bridge/http/"]),
    (r"spdlog/", ["bridge/", "client/"]),
    (r"curl/", ["bridge/outbound/"]),
    (r"unicode/", ["bridge/push/time_zone.cc"]),
]

# core/domain/ is pure: no clock, thread, file, logger, network or randomness.
IMPURE = re.compile(
    r"(atomic|barrier|chrono|condition_variable|ctime|filesystem|fstream|future|iostream|latch|mutex|random|semaphore"
    r"|shared_mutex|stop_token|thread|time\.h|unistd\.h|fcntl\.h|pthread\.h|sys/.*|syslog\.h|cstdio|stdio\.h"
    r"|spdlog/.*|fmt/.*|rocksdb/.*|mosquitto.*|mqtt/.*|boost/(?!container/).*)$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Written in quotes, but not ours: generated messages and protobuf itself.
GENERATED = re.compile(r"(parley/(internal/)?v\d+/.*\.pb\.h|google/protobuf/.*)$")


def room_of(path):
    """The longest room of the table that the path lies in, or None."""
    parts = os.path.dirname(path).split("/")
    for length in range(len(parts), 0, -1):
        room = "/".join(parts[:length])
        if room in ALLOWED:
            return room
    return None


def check_include(path, room, quote, included):
    """A complaint about one include of a file, or None."""
    if quote == '"' and not GENERATED.match(included):
        target = room_of(included)
        if target is None:
            return f"{path}: \"{included}\" is not written from the project's root, or in no known room"
        if target != room and target not in ALLOWED[room]:
            return f"{path}: {room} may not include {target} (\"{included}\")"
        return None
    if room == "core/domain" and IMPURE.match(included):
        return f"{path}: core/domain is pure and may not include <{included}>"
    for party, places in THIRD_PARTIES:
        if re.match(party, included):
            if any(path.startswith(place) or path.endswith(place) for place in places):
                return None
            return f"{path}: <{included}> is allowed only in {' '.join(places) or 'no room'}"
    return None


def violations(root):
    """All complaints about the sources under root."""
    found = []
    for path in sources(".h", ".cc", rooms=("schemas", "core", "broker-plugin", "bridge", "client"), root=root):
        room = room_of(path)
        if room is None:
            found.append(f"{path}: lies in no room of the table in tests/checks/layers.py")
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for quote, included in INCLUDE.findall(file.read()):
                complaint = check_include(path, room, quote, included)
                if complaint:
                    found.append(complaint)
    return found


if __name__ == "__main__":
    complaints = violations(sys.argv[1] if len(sys.argv) > 1 else ROOT)
    print("\n".join(complaints) or "the layers hold")
    sys.exit(1 if complaints else 0)
