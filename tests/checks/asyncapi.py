"""Holds schemas/asyncapi.yaml to the protocol that the sources serve.

The document is made from three things: the channels below, the .proto files, and the tables of methods and commands in
the sources. So none can change without it.

    asyncapi.py            exit code 1 when the document is not what the sources say
    asyncapi.py --write    writes it
"""
import json
import os
import re
import sys

from proto_schema import Types
from sources import ROOT, sources

DOCUMENT = os.path.join(ROOT, "schemas/asyncapi.yaml")
# Methods whose messages are not named after them: method → (request, reply).
MESSAGES_OF = {}
ENCODING = {"$ref": "#/components/parameters/encoding"}
PARAMETERS = {
    "encoding": {"enum": ["json", "pb"], "description": "pb: protobuf, native; json: its exact twin (proto3 JSON)."},
    "sendEncoding": {"enum": ["json", "pb", "text"], "description": "text: the payload is the text of a message."},
    "room": {"description": "[a-z0-9][a-z0-9._-]{0,63}, or dm:{a}:{b} of two users in byte order."},
    "user": {"description": "[a-z0-9][a-z0-9._-]{0,63}; one's own."},
    "client": {"description": "The client id of the connection: [A-Za-z0-9._:@-]{1,128}."},
    "n": {"description": "1 to 1000."},
    "messageId": {"description": "[A-Za-z0-9._:-]{1,64}, made by the sender, unique for that user in that room."},
}
EXAMPLES = {
    "Draft": [{"id": "01J9Z", "text": {"text": "hello"}, "mentions": ["bob"]}],
    "Event": [{"room": "lobby", "seq": "7", "feed": "912", "tsMs": "1790000000123", "sender": "alice",
               "client": "phone-1", "id": "01J9Z", "text": {"text": "hello", "format": "PLAIN"}, "mentions": ["bob"]},
              {"room": "lobby", "seq": "8", "membership": {"changes": [
                  {"user": "carol", "change": "ADDED", "role": "MEMBER", "by": "alice"}]}}],
    "Ack": [{"id": "01J9Z", "room": "lobby", "seq": "7", "feed": "912", "tsMs": "1790000000123", "code": "OK",
             "reason": "", "duplicate": False, "durability": "FSYNCED"},
            {"id": "01JA0", "room": "vault", "seq": "0", "code": "PERMISSION_DENIED",
             "reason": "alice is not a member of vault", "duplicate": False, "durability": "NONE"}],
    "Cursor": [{"read": "7"}, {"read": "7", "delivered": "9"}],
    "InboxItem": [{"useq": "12", "feed": "915", "tsMs": "1790000000456",
                   "cursorMoved": {"room": "lobby", "read": "7", "delivered": "9", "client": "phone-1"}}],
    "HistoryPageRequest": [{"requestId": "r1", "room": "lobby", "before": "8", "limit": 50}],
    "SyncRequest": [{"requestId": "r2", "cursor": "900", "eventsPerRoom": 100}],
}


def methods():
    """{method: (request, reply)} of all tables of methods in the sources."""
    names = set()
    for path in sources(".cc", rooms=("bridge", "broker-plugin")):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        names.update(re.findall(r'methods\.Add\("([a-z]+(?:\.\w+)?)"', text))
        names.update(re.findall(r'registry\.AddMethod\(\s*"([a-z]+\.\w+)"', text))
        names.update(re.findall(r'\{\s*"((?:rooms|members|users|tokens|push)\.\w+)",\s*&?\w', text))
    return sorted(names)


def commands():
    """The names of all tables of admin commands."""
    names = []
    for path in sources("_commands.cc", rooms=("broker-plugin",)):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        for table in re.findall(r"constexpr AdminCommand \w+\[\] = \{(.*?)\};", text, re.DOTALL):
            names += re.findall(r'\{\s*"(\w+)"', table)
    return sorted(names)


def messages_of(method, types):
    """The names of a method's request and reply."""
    stem = "".join(part[0].upper() + part[1:] for part in method.split("."))
    request, reply = MESSAGES_OF.get(method, (f"{stem}Request", f"{stem}Reply"))
    if reply not in types.messages:
        reply = "Reply"
    if request not in types.messages:
        raise ValueError(f"{method}: no message {request}: name its messages in MESSAGES_OF of asyncapi.py")
    return request, reply


def channel(address, description, *messages):
    names = [name for name in PARAMETERS if "{%s}" % name in address]
    if "{sendEncoding}" in address:
        names.remove("sendEncoding")
        address = address.replace("{sendEncoding}", "{encoding}")
        encoding = {"encoding": {"$ref": "#/components/parameters/sendEncoding"}}
    else:
        encoding = {}
    return {"address": address, "description": description,
            "parameters": {**{name: {"$ref": f"#/components/parameters/{name}"} for name in names}, **encoding},
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages}}


def operation(action, name, summary, **more):
    return {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "summary": summary, **more}


def document():
    types = Types("parley.v1")
    calls = {method: messages_of(method, types) for method in methods()}
    answer = {"reply": {"channel": {"$ref": "#/channels/acks"}}}
    channels = {
        "send": channel("chat/v1/rooms/{room}/send/{sendEncoding}",
                        "QoS 1 and 2: stored, and the ack follows the fsync. QoS 0: delivered live, not stored.", "Draft"),
        "sendWithId": channel("chat/v1/rooms/{room}/send/{sendEncoding}/{messageId}",
                              "The same with the message's id in the topic, for text and for firmware.", "Draft"),
        "roomEvents": channel("chat/v1/rooms/{room}/events/{encoding}", "Events of one room, live, to its members.", "Event"),
        "userEvents": channel("chat/v1/users/{user}/events/{encoding}",
                              "Every event of all one's rooms and one's own membership changes.", "Event"),
        "cursor": channel("chat/v1/rooms/{room}/cursor/{encoding}",
                          "How far one has read and received a room: seqs. Never past the head, never back. An ack comes"
                          " only when it is refused.", "Cursor"),
        "inbox": channel("chat/v1/users/{user}/inbox/{encoding}",
                         "What changed for a user, for all of their devices; useq rises by one.", "InboxItem"),
        "rewind": channel("chat/v1/rooms/{room}/rewind/{n}/{encoding}",
                          "To subscribe to it asks once for the last n stored events that one may read: they come to this"
                          " client alone, oldest first, on the room's events topic.", "Event"),
        "signals": channel("chat/v1/rooms/{room}/signals/{encoding}",
                           "What is said in passing, to a room's members or to some of them; never stored. The server says"
                           " who says it. An ack comes only when it is refused, with the id \"\".", "Signal"),
        "receipts": channel("chat/v1/rooms/{room}/receipts/{encoding}",
                            "How far the members have read; in a big room, how many have read its newest message.", "Receipt"),
        "roomPresence": channel("chat/v1/rooms/{room}/presence/{encoding}",
                                "Retained, at most once a second: the members of a room who are online, of a big one their"
                                " number.", "RoomPresence"),
        "userPresence": channel("chat/v1/users/{user}/presence/{encoding}",
                                "Retained: one person, to themselves and to those who share a room with them.", "Presence"),
        "acks": channel("chat/v1/clients/{client}/acks/{encoding}",
                        "What became of each send, in its encoding (text: json). Only the ack is authoritative.", "Ack"),
        "replies": channel("chat/v1/clients/{client}/replies/{encoding}",
                           "Replies to requests, unless an MQTT 5 Response Topic below chat/v1/clients/{client}/ says"
                           " where else.", *sorted({reply for _, reply in calls.values()})),
        "control": {"address": "$CONTROL/parley/v1", "description": "Commands of administrators, run in order.",
                    "messages": {"AdminCommands": {"$ref": "#/components/messages/AdminCommands"}}},
        "controlResponse": {"address": "$CONTROL/parley/v1/response", "description": "To the asking client alone.",
                            "messages": {"AdminResponses": {"$ref": "#/components/messages/AdminResponses"}}},
    }
    operations = {
        "send": operation("receive", "send", "Takes a message for a room.", **answer),
        "sendWithId": operation("receive", "sendWithId", "Takes a message for a room.", **answer),
        "deliverToRoom": operation("send", "roomEvents", "Delivers an event to those who watch the room."),
        "deliverToUser": operation("send", "userEvents", "Delivers an event to a member, whatever the room."),
        "moveCursor": operation("receive", "cursor", "Moves the cursor of a member."),
        "inform": operation("send", "inbox", "Tells a user's devices what changed."),
        "rewind": operation("send", "rewind", "Delivers stored events to the client that subscribes."),
        "signal": operation("receive", "signals", "Takes a signal of a member."),
        "passOnSignal": operation("send", "signals", "Passes a signal on to those it is for."),
        "tellReceipts": operation("send", "receipts", "Tells the members of a room how far one of them has read."),
        "tellRoomPresence": operation("send", "roomPresence", "Tells who of a room is online."),
        "tellUserPresence": operation("send", "userPresence", "Tells how a person is."),
        "administrate": operation("receive", "control", "Runs a list of commands.",
                                  reply={"channel": {"$ref": "#/channels/controlResponse"}}),
    }
    for method, (request, reply) in calls.items():
        name = "request." + method
        channels[name] = channel("chat/v1/requests/%s/{encoding}" % method,
                                 "MQTT 5: Correlation Data is echoed; else requestId tells.", request)
        operations[name] = operation(
            "receive", name, f"Answers {method}.",
            reply={"channel": {"$ref": "#/channels/replies"},
                   "messages": [{"$ref": f"#/channels/replies/messages/{reply}"}]})
    used = {"Draft", "Event", "Ack", "Cursor", "InboxItem", "Signal", "Presence", "RoomPresence", "Receipt"} | {
        name for pair in calls.values() for name in pair}
    messages = {name: {"name": f"parley.v1.{name}", "contentType": "application/json",
                       "payload": {"$ref": f"#/components/schemas/{name}"},
                       **({"examples": [{"payload": example} for example in EXAMPLES[name]]} if name in EXAMPLES else {})}
                for name in sorted(used)}
    messages["AdminCommands"] = {"contentType": "application/json", "examples": [{"payload": {"commands": [
        {"command": "createUser", "username": "bob", "password": "secret", "correlationData": "1"}]}}],
        "payload": {"$ref": "#/components/schemas/AdminCommands"}}
    messages["AdminResponses"] = {"contentType": "application/json", "examples": [{"payload": {"responses": [
        {"command": "createUser", "correlationData": "1", "error": "user bob exists", "code": "ALREADY_EXISTS"}]}}],
        "payload": {"$ref": "#/components/schemas/AdminResponses"}}
    schemas = {name: types.schema(name) for name in types.reachable(used)}
    schemas["AdminCommands"] = {
        "type": "object", "required": ["commands"], "properties": {"commands": {"type": "array", "maxItems": 1000, "items": {
            "type": "object", "required": ["command"],
            "properties": {"command": {"type": "string", "enum": commands()}, "correlationData": {"type": "string"}}}}}}
    schemas["AdminResponses"] = {
        "type": "object", "required": ["responses"], "properties": {"responses": {"type": "array", "items": {
            "type": "object", "properties": {
                "command": {"type": "string"}, "correlationData": {"type": "string"}, "data": {"type": "object"},
                "error": {"type": "string"}, "code": {"type": "string", "enum": types.enums["Code"]}}}}}}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Parley", "version": "1.0.0", "license": {"name": "Apache-2.0"},
                 "description": "A chat platform on a stock Mosquitto broker, as a client of any MQTT 3.1.1 or 5 library"
                                " sees it. The application of this document is the server: what it receives, clients"
                                " publish; what it sends, they subscribe to. Payloads are described in JSON; the same"
                                " topics that end in pb carry the protobuf message of x-protobuf-message."},
        "defaultContentType": "application/json",
        "servers": {"mqtt": {"host": "localhost:1883", "protocol": "mqtt", "description": "MQTT 3.1.1 and 5 over TCP."},
                    "websocket": {"host": "localhost:8083", "protocol": "ws", "description": "The same over WebSocket."}},
        "channels": channels, "operations": operations,
        "components": {"parameters": PARAMETERS, "messages": messages, "schemas": schemas},
    }


def yaml(value, indent=0):
    """The lines of a value in YAML; scalars and short lists as JSON, which YAML takes."""
    space = "  " * indent
    if isinstance(value, dict):
        lines = []
        for key, item in value.items():
            name = key if re.fullmatch(r"[A-Za-z][\w.]*", key) else json.dumps(key)
            lines += nested(f"{space}{name}:", item, indent)
        return lines
    lines = []
    for item in value:
        inner = yaml(item, indent + 1) if isinstance(item, (dict, list)) else [json.dumps(item, ensure_ascii=False)]
        lines += [f"{space}- {inner[0].lstrip()}", *inner[1:]]
    return lines


def nested(head, item, indent):
    simple = not isinstance(item, (dict, list)) or not item or (
        isinstance(item, list) and not any(isinstance(part, (dict, list)) for part in item))
    if simple:
        return [f"{head} {json.dumps(item, ensure_ascii=False)}"]
    return [head, *yaml(item, indent + 1)]


def main(arguments):
    head = "# Made by tests/checks/asyncapi.py --write: change the channels there, messages in schemas/proto/.\n"
    text = head + "\n".join(yaml(document())) + "\n"
    if "--write" in arguments:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    with open(DOCUMENT, encoding="utf-8") as file:
        written = file.read()
    if written == text:
        return 0
    there, here = set(written.splitlines()), set(text.splitlines())
    print("schemas/asyncapi.yaml is not what the sources say; run tests/checks/asyncapi.py --write")
    print("\n".join([f"- {line}" for line in sorted(there - here)] + [f"+ {line}" for line in sorted(here - there)]))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
