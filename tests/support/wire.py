"""Reads protobuf without its library, so that a test of `pb` does not share code with what it tests."""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields(data):
    """field number → list of values: int, or bytes."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            if len(value) != length:
                raise ValueError("cut off")
        else:
            raise ValueError(f"wire type {kind}")
        found.setdefault(number, []).append(value)
    return found


def _encode_varint(value):
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(encoded)


def message(*numbered):
    """The bytes of a message from (field number, int or bytes or str) pairs."""
    encoded = b""
    for number, value in numbered:
        if isinstance(value, int):
            encoded += _encode_varint(number << 3) + _encode_varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            encoded += _encode_varint(number << 3 | 2) + _encode_varint(len(value)) + value
    return encoded
