"""Sealed files: any change is noticed, and only the right key is believed."""

import os
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from runtime.private_file import sync_folder
from runtime.sealed import (
    SealError,
    seal,
    signer,
    signing_key,
    unseal,
    unseal_from,
    write_file,
)
from tests.forgery import forge, nested


class Note(Struct, frozen=True, array_like=True):
    """A message."""

    words: str


class Other(Struct, frozen=True, array_like=True):
    """A message of the same shape and another name."""

    words: str


KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
NOT_TO_BE_SYNCED = Path("/proc/self")


def test_what_was_sealed_is_read() -> None:
    assert unseal(seal(KEY, Note("số 1042")), Note) == (Note("số 1042"), PUBLIC)


def test_any_flipped_bit_is_noticed() -> None:
    sealed = seal(KEY, Note("số 1042 " * 20))
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << (place % 8)
        with pytest.raises(SealError):
            unseal_from(bytes(changed), Note, PUBLIC)


def test_any_cut_is_noticed() -> None:
    sealed = seal(KEY, Note("số 1042"))
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            unseal(sealed[:length], Note)


def test_noise_is_no_file() -> None:
    noise = random.Random(1)
    for length in range(200):
        with pytest.raises(SealError):
            unseal(noise.randbytes(length), Note)


def test_a_message_of_another_kind_is_refused_though_it_looks_alike() -> None:
    with pytest.raises(SealError, match="another kind: Other"):
        unseal(seal(KEY, Other("số 1042")), Note)


def test_another_key_is_not_believed() -> None:
    stranger = Ed25519PrivateKey.generate()
    with pytest.raises(SealError, match="signed by"):
        unseal_from(seal(stranger, Note("số 1042")), Note, PUBLIC)


def test_what_a_stranger_packed_is_not_unpacked() -> None:
    stranger = Ed25519PrivateKey.generate()
    sealed = forge(stranger, "Note", b"cannot be unpacked")
    with pytest.raises(SealError, match="signed by"):
        unseal_from(sealed, Note, PUBLIC)
    assert signer(sealed, Note) == stranger.public_key().public_bytes_raw()


def test_who_sealed_is_told_of_nothing_that_was_altered() -> None:
    sealed = bytearray(seal(KEY, Note("số 1042")))
    assert signer(bytes(sealed), Note) == PUBLIC
    sealed[-1] ^= 1
    with pytest.raises(SealError):
        signer(bytes(sealed), Note)


def test_nesting_without_end_is_no_message() -> None:
    with pytest.raises(SealError):
        unseal(forge(KEY, "Note", nested(["số 1042"])), Note)
    with pytest.raises(SealError):
        unseal(b"\x91" * 100_000, Note)


def test_a_stick_that_is_pulled_at_once_has_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT makes a new entry of length 0 for the new name, and writes the length with the file."""
    path, steps = tmp_path / "note.thutu", list[str]()
    sync, replace = os.fsync, Path.replace

    def noted_sync(file: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{file}').readlink().name}")
        sync(file)

    def noted_replace(part: Path, target: Path) -> Path:
        steps.append(f"rename {part.name}")
        return replace(part, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_file(path, b"whole")
    assert steps == [
        "sync .note.thutu.part",
        "rename .note.thutu.part",
        "sync note.thutu",
        f"sync {tmp_path.name}",
    ]
    assert path.read_bytes() == b"whole"


def test_a_share_that_syncs_no_folders_takes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        sync_folder(NOT_TO_BE_SYNCED)
    monkeypatch.setattr("runtime.sealed.sync_folder", lambda _folder: sync_folder(NOT_TO_BE_SYNCED))
    write_file(tmp_path / "note.thutu", b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"note.thutu": b"whole"}


def test_a_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = signing_key(tmp_path / "keys" / "signing.key")
    again = signing_key(tmp_path / "keys" / "signing.key")
    assert made.public_key() == again.public_key()
    assert (tmp_path / "keys" / "signing.key").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    path.write_text("-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n")
    with pytest.raises(SealError, match="not a private key"):
        signing_key(path)
    assert "xx" in path.read_text()


def test_a_file_that_cannot_be_written_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "note.thutu"
    write_file(path, b"older")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"newer")
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]
