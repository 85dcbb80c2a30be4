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


def from_toml(text: str, kind: type[_T]) -> _T:
    """Decode TOML, in any thread. Raises msgspec.MsgspecError."""
    _make_known(kind)
    return msgspec.toml.decode(text, type=kind)


def from_builtins(value: object, kind: type[_T]) -> _T:
    """Convert what some other decoder made, in any thread. Raises msgspec.ValidationError."""
    _make_known(kind)
    return msgspec.convert(value, kind)


def _make_known(kind: Any) -> None:
    with _making:
        _json_decoder(kind)


@cache
def _json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _msgpack_decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
