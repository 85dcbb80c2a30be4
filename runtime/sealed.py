"""Signed messages in files: carried by anyone, changed by nobody.

A seal is an Ed25519 signature (RFC 8032) over the message's name and bytes. It proves who made the
message and that it is whole; it hides nothing, and it does not say that the message is the newest.
"""

import errno
import os
from pathlib import Path
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from contract.decoders import from_msgpack
from runtime.private_file import sync_folder, write_private
from runtime.worded_error import WordedError

MOST_BYTES = 256_000_000
_SIGNED = b"thutu sealed 1\0"
_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_Message = TypeVar("_Message")


class SealError(WordedError, ValueError):
    """A file or message that cannot be believed; the words say why."""

    section = "seal_refused"


class Unsealed(NamedTuple, Generic[_Message]):
    """A message, and the public key (32 bytes) of whoever signed it."""

    message: _Message
    public_key: bytes


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    form: Literal["thutu-sealed-1"]
    name: str
    public_key: bytes
    signature: bytes
    body: bytes


def seal(key: Ed25519PrivateKey, message: msgspec.Struct) -> bytes:
    """Sign a message; returns the bytes of its file."""
    name = type(message).__name__
    body = zstandard.compress(msgspec.msgpack.encode(message), 6)
    sealed = _Sealed(
        "thutu-sealed-1",
        name,
        key.public_key().public_bytes_raw(),
        key.sign(_signed(name, body)),
        body,
    )
    return msgspec.msgpack.encode(sealed)


def signer(data: bytes, kind: type[msgspec.Struct]) -> bytes:
    """The public key (32 bytes) of whoever sealed this message of `kind`, which stays packed.

    A stranger's may unpack to far more than it is. Raises SealError for anything else, and for one
    that was altered.
    """
    return _verified(data, kind).public_key


def unseal(data: bytes, kind: type[_Message]) -> Unsealed[_Message]:
    """Read a sealed message of `kind`, by whomever: whether to believe that key is yours to say.

    Raises SealError for anything else, for one that was altered, and above MOST_BYTES.
    """
    sealed = _verified(data, kind)
    return Unsealed(_unpacked(sealed, kind), sealed.public_key)


def unseal_from(data: bytes, kind: type[_Message], public_key: bytes) -> _Message:
    """Read a sealed message that must be signed by `public_key`: another one is not unpacked.

    Raises SealError.
    """
    sealed = _verified(data, kind)
    if sealed.public_key != public_key:
        raise SealError("other_key", found=sealed.public_key.hex(), wanted=public_key.hex())
    return _unpacked(sealed, kind)


def write_file(path: Path, data: bytes) -> None:
    """Put a sealed file at `path`, whole or not at all, durably; also on a stick that knows no
    owners and is pulled in the next moment.

    Raises OSError; then what was there before is there still, or the new one, whole.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
            os.fsync(file.fileno())  # FAT keeps a file's length beside its name, and that is new
        _sync_if_it_can(path.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file at `path` (PEM), made at the first use, for this user alone.

    Raises SealError when the file holds no such key, and OSError.
    """
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(path, pem)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise SealError("no_key", file=path, what=error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SealError("no_ed25519_key", file=path)
    return key


def _sync_if_it_can(folder: Path) -> None:
    """Some shares sync their files and not their folders (fsync(2): EINVAL)."""
    try:
        sync_folder(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def _verified(data: bytes, kind: type[object]) -> _Sealed:
    """A message of `kind` that is whole, as its signer packed it. Raises SealError."""
    try:
        sealed = from_msgpack(data, _Sealed)
    except _NOT_DECODED as error:
        raise SealError("not_sealed", what=error) from error
    if sealed.name != kind.__name__:
        raise SealError("other_kind", found=sealed.name, wanted=kind.__name__)
    try:
        key = Ed25519PublicKey.from_public_bytes(sealed.public_key)
        key.verify(sealed.signature, _signed(sealed.name, sealed.body))
    except (InvalidSignature, ValueError) as error:
        raise SealError("altered") from error
    return sealed


def _unpacked(sealed: _Sealed, kind: type[_Message]) -> _Message:
    try:
        if not 0 <= zstandard.frame_content_size(sealed.body) <= MOST_BYTES:
            raise SealError("too_large", most=MOST_BYTES)
        body = zstandard.ZstdDecompressor().decompress(sealed.body, max_output_size=MOST_BYTES)
        return from_msgpack(body, kind)
    except (*_NOT_DECODED, zstandard.ZstdError) as error:
        raise SealError("other_version", what=error) from error


def _signed(name: str, body: bytes) -> bytes:
    return _SIGNED + name.encode() + b"\0" + body
