"""Files that hubs send by hand: whose they are is asked first, and none takes another's place."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.recovery.exports import ExportRefusedError, checked, register_key
from central.recovery.spool import Spool, spool
from contract.topics import up
from contract.wire import VERSION, Export
from runtime.sealed import seal
from tests.forgery import crowded, forge, nested

NODES = ("01-00097-01-h1", "01-00098-01-h1")
EPOCH = "118e4d0a87c3c5db"
FIELDS = (VERSION, NODES[0], EPOCH, 1, 2, 1)


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def register(folder: Path, node: str, key: Ed25519PrivateKey) -> None:
    register_key(folder, node, key.public_key().public_bytes_raw().hex())


def export(node: str = NODES[0], first: int = 1, batch: bytes = b"batch") -> Export:
    return Export(VERSION, node, EPOCH, first, first + 1, 1, (batch,))


def test_a_strangers_file_is_refused_before_it_is_unpacked(
    tmp_path: Path, key: Ed25519PrivateKey
) -> None:
    register(tmp_path, NODES[0], Ed25519PrivateKey.generate())
    with pytest.raises(ExportRefusedError) as refused:
        checked(tmp_path, forge(key, "Export", b"cannot be unpacked"))
    assert refused.value.key == "unknown_key"
    assert key.public_key().public_bytes_raw().hex() in str(refused.value)


@pytest.mark.parametrize(
    "body", [nested((*FIELDS, ())), crowded(FIELDS, 10_000_000)], ids=["deep", "wide"]
)
def test_what_would_fill_the_memory_is_refused(
    tmp_path: Path, key: Ed25519PrivateKey, body: bytes
) -> None:
    register(tmp_path, NODES[0], key)
    with pytest.raises(ExportRefusedError) as refused:
        checked(tmp_path, forge(key, "Export", body))
    assert refused.value.key == "damaged"


def test_a_hub_speaks_for_itself_alone(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    register(tmp_path, NODES[0], key)
    register(tmp_path, NODES[1], Ed25519PrivateKey.generate())
    assert checked(tmp_path, seal(key, export())) == export()
    with pytest.raises(ExportRefusedError, match=f"registered for {NODES[0]}|khai cho {NODES[0]}"):
        checked(tmp_path, seal(key, export(NODES[1])))


def test_files_that_wait_take_no_others_place(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    for node in NODES:
        register(tmp_path, node, key)
    exports = [export(NODES[0]), export(NODES[1], batch=b"of h2"), export(NODES[0], first=3)]
    waiting = [spool(tmp_path, one, seal(key, one)) for one in (*exports, exports[0])]
    assert len({*waiting}) == 3
    assert waiting[3] == waiting[0]
    taken: list[tuple[str, bytes]] = []
    Spool(tmp_path, lambda topic, payload: taken.append((topic, payload))).turn()
    assert sorted(taken) == sorted((up(one.node, "events"), *one.batches) for one in exports)
    assert not any(path.exists() for path in waiting)
