"""Sealed files as a stranger would make them: rightly signed, and meant to harm whoever unpacks."""

from collections.abc import Sequence

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime import sealed


def forge(key: Ed25519PrivateKey, name: str, body: bytes) -> bytes:
    """Seal whatever bytes, as a message of that name."""
    return msgspec.msgpack.encode(
        sealed._Sealed(
            "thutu-sealed-1",
            name,
            key.public_key().public_bytes_raw(),
            key.sign(sealed._signed(name, body)),
            body,
        )
    )


def nested(fields: Sequence[object], depth: int = 100_000) -> bytes:
    """A packed message of these fields and one more, which is a list in a list in a list."""
    array = bytes([0x90 + len(fields) + 1])
    body = array + msgspec.msgpack.encode(fields)[1:] + b"\x91" * depth + b"\xc0"
    return zstandard.compress(body)


def crowded(fields: Sequence[object], count: int) -> bytes:
    """A packed message of these fields and one more, which is a list of so many empty strings."""
    array = bytes([0x90 + len(fields) + 1])
    head = array + msgspec.msgpack.encode(fields)[1:]
    return zstandard.compress(head + b"\xdd" + count.to_bytes(4, "big") + b"\xc4\x00" * count)
