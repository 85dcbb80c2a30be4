"""Decoders, made one at a time.

What msgspec knows of a struct it makes when a decoder first meets it, and whoever decodes one of
the same structs meanwhile, in another thread, crashes the process (SIGSEGV; msgspec 0.22).
"""

from functools import cache
from threading import Lock
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")
_making = Lock()


def from_json(data: bytes | str, kind: type[_T]) -> _T:
    """Decode JSON, in any thread. Raises msgspec.MsgspecError."""
    wanted: Any = kind
    with _making:
        decoder = _json_decoder(wanted)
    found: _T = decoder.decode(data)
    return found


def from_msgpack(data: bytes | memoryview | msgspec.Raw, kind: type[_T]) -> _T:
    """Decode MessagePack, in any thread. Raises msgspec.MsgspecError."""
    wanted: Any = kind
    with _making:
        decoder = _msgpack_decoder(wanted)
    found: _T = decoder.decode(data)
    return found


@cache
def _json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _msgpack_decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
