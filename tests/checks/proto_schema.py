"""Reads our .proto files, and gives each message as the JSON schema of its twin (proto3's JSON mapping)."""
import os
import re

from sources import ROOT

PROTO_ROOT = os.path.join(ROOT, "schemas/proto")
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"]*"|[A-Za-z_][\w.]*|\d+|[{}=;<>,\[\]()]', re.DOTALL)
NUMBER64 = {"uint64", "int64", "sint64", "fixed64", "sfixed64"}
NUMBER32 = {"uint32", "int32", "sint32", "fixed32", "sfixed32"}


class Types:
    """All messages and enumerations of a package, by their name without the package ("Text.Format")."""

    def __init__(self, package):
        self.messages = {}  # name → [(field, type, repeated, oneof)]
        self.enums = {}     # name → [value]
        folder = os.path.join(PROTO_ROOT, *package.split("."))
        for file in sorted(os.listdir(folder)):
            with open(os.path.join(folder, file), encoding="utf-8") as text:
                self._read([token for token in TOKEN.findall(text.read()) if not token.startswith(("//", "/*"))])

    def _read(self, tokens):
        at = 0
        while at < len(tokens):
            if tokens[at] == "message":
                at = self._message(tokens, at + 1, "")
            elif tokens[at] == "enum":
                at = self._enum(tokens, at + 1, "")
            else:
                at = tokens.index(";", at) + 1

    def _enum(self, tokens, at, outer):
        end = tokens.index("}", at)
        self.enums[outer + tokens[at]] = [tokens[i] for i in range(at + 2, end) if tokens[i + 1] == "="]
        return end + 1

    def _message(self, tokens, at, outer):
        name = outer + tokens[at]
        fields = self.messages.setdefault(name, [])
        at, oneof = at + 2, None
        while True:
            token = tokens[at]
            if token == "}":
                at += 1
                if oneof is None:
                    return at
                oneof = None
            elif token == "message":
                at = self._message(tokens, at + 1, name + ".")
            elif token == "enum":
                at = self._enum(tokens, at + 1, name + ".")
            elif token == "oneof":
                oneof, at = tokens[at + 1], at + 3
            elif token in ("reserved", "option"):
                at = tokens.index(";", at) + 1
            else:
                repeated = token == "repeated"
                at += token in ("repeated", "optional")
                fields.append((tokens[at + 1], tokens[at], repeated, oneof))
                at = tokens.index(";", at) + 1

    def _resolve(self, name, inside):
        """The full name of a type that is written inside a message."""
        scopes = inside.split(".")
        for length in range(len(scopes), -1, -1):
            full = ".".join(scopes[:length] + [name])
            if full in self.messages or full in self.enums:
                return full
        raise ValueError(f"{inside}: no type {name}")

    def _type(self, name, inside):
        if name == "string":
            return {"type": "string"}
        if name == "bytes":
            return {"type": "string", "contentEncoding": "base64"}
        if name == "bool":
            return {"type": "boolean"}
        if name in NUMBER64:
            return {"type": ["string", "integer"], "pattern": "^-?[0-9]+$", "format": name}
        if name in NUMBER32:
            return {"type": "integer", "format": name}
        full = self._resolve(name, inside)
        if full in self.enums:
            return {"type": "string", "enum": self.enums[full]}
        return {"$ref": f"#/components/schemas/{full}"}

    def schema(self, name):
        """The JSON schema of one message."""
        properties, oneofs = {}, {}
        for field, kind, repeated, oneof in self.messages[name]:
            camel = re.sub(r"_(\w)", lambda letter: letter[1].upper(), field)
            value = self._type(kind, name)
            properties[camel] = {"type": "array", "items": value} if repeated else value
            if oneof:
                oneofs.setdefault(oneof, []).append(camel)
        schema = {"type": "object", "x-protobuf-message": f"parley.v1.{name}"}
        if oneofs:
            schema["description"] = "; ".join(
                f"{oneof}: at most one of {', '.join(fields)}" for oneof, fields in oneofs.items())
        return {**schema, "additionalProperties": False, "properties": properties}

    def reachable(self, names):
        """These messages and all that they hold."""
        found, left = set(), list(names)
        while left:
            name = left.pop()
            if name in found:
                continue
            found.add(name)
            for _, kind, _, _ in self.messages[name]:
                if kind not in NUMBER64 | NUMBER32 | {"string", "bytes", "bool"}:
                    full = self._resolve(kind, name)
                    left += [full] if full in self.messages else []
        return sorted(found)
