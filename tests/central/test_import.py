"""Files that hubs send by hand: whose they are is asked first, and none takes another's place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.recovery.exports import ExportRefusedError, checked, register_key
from central.recovery.refused import count_refused, refused_file
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
    return Export(VERSION, node, EPOCH, first, first + 1, (batch,))


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
    line = Line()
    spooled = Spool(tmp_path, line.put)
    for _ in range(2 * len(exports)):
        spooled.turn()
        line.settle(stored=True)
    spooled.turn()
    assert sorted(line.put_by) == sorted((up(one.node, "events"), *one.batches) for one in exports)
    assert not any(path.exists() for path in waiting)


def test_a_file_goes_over_some_batches_at_a_time_and_again_from_what_was_not_stored(
    tmp_path: Path, key: Ed25519PrivateKey
) -> None:
    register(tmp_path, NODES[0], key)
    batches = tuple(f"batch {place}".encode() for place in range(150))
    whole = Export(VERSION, NODES[0], EPOCH, 1, 150, batches)
    path = spool(tmp_path, whole, seal(key, whole))
    line = Line()
    spooled = Spool(tmp_path, line.put)
    spooled.turn()
    spooled.turn()
    assert [batch for _, batch in line.put_by] == list(batches[:100])
    line.settle(stored=True, most=30)
    line.settle(stored=False, most=20)
    line.settle(stored=True)
    spooled.turn()
    again = [*batches[30:50], *batches[100:]]
    assert [batch for _, batch in line.put_by[100:]] == again
    line.settle(stored=False)
    spooled.turn()
    assert path.exists()
    line.settle(stored=True)
    spooled.turn()
    assert [batch for _, batch in line.put_by[170:]] == again
    assert not path.exists()


def test_a_file_whose_lane_goes_to_another_is_left_to_it(
    tmp_path: Path, key: Ed25519PrivateKey
) -> None:
    """The store passes over what is not its own any more, and says nothing of it."""
    for node in NODES:
        register(tmp_path, node, key)
    lost, kept = (spool(tmp_path, one, seal(key, one)) for one in map(export, NODES))
    owned, line = set(NODES), Line()
    spooled = Spool(tmp_path, line.put, owned.__contains__)
    spooled.turn()
    owned.remove(NODES[0])
    line.settle(stored=True)
    for _ in range(4):
        spooled.turn()
        line.settle(stored=True)
    assert lost.exists()
    assert not kept.exists()
    owned.add(NODES[0])
    for _ in range(2):
        spooled.turn()
        line.settle(stored=True)
    assert not lost.exists()


def test_files_that_cannot_be_read_stand_in_nobodys_way(
    tmp_path: Path, key: Ed25519PrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    register(tmp_path, NODES[0], key)
    good = spool(tmp_path, export(), seal(key, export()))
    (good.parent / "00 strange.thutu").write_bytes(b"no export")
    line = Line()
    spooled = Spool(tmp_path, line.put)
    for _ in range(2):
        spooled.turn()
        line.settle(stored=True)
    assert not good.exists()
    assert [record.getMessage().split(" is not")[0] for record in caplog.records] == [
        str(good.parent / "00 strange.thutu")
    ]


def test_a_file_that_meets_what_nobody_thought_of_is_kept_and_not_offered_again(
    tmp_path: Path, key: Ed25519PrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    for node in NODES:
        register(tmp_path, node, key)
    sealed = seal(key, export())
    bad, good = spool(tmp_path, export(), sealed), spool(tmp_path, *written(key, export(NODES[1])))
    line = Line()
    spooled = Spool(tmp_path, line.put)
    spooled.turn()
    line.fail(OverflowError("too large"))
    spooled.turn()
    assert not bad.exists()
    kept = refused_file(bad)
    assert kept is not None
    assert (kept.file.read_bytes(), kept.why) == (sealed, "OverflowError: too large")
    assert count_refused(bad.parent) == 1
    assert f"kept as {kept.file}: OverflowError: too large" in caplog.text
    again = Spool(tmp_path, line.put)
    for _ in range(4):
        again.turn()
        line.settle(stored=True)
    assert [topic for topic, _ in line.put_by] == [up(node, "events") for node in NODES]
    assert not good.exists()

    spool(tmp_path, export(), sealed)
    for _ in range(2):
        again.turn()
        line.settle(stored=True)
    assert refused_file(bad) is None
    assert [*bad.parent.rglob("*")] == [kept.file.parent]


def test_a_file_whose_reading_meets_what_nobody_thought_of_stands_in_nobodys_way(
    tmp_path: Path, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    for node in NODES:
        register(tmp_path, node, key)
    bad, good = (spool(tmp_path, *written(key, export(node))) for node in NODES)

    def reading(folder: Path, data: bytes) -> Export:
        export = checked(folder, data)
        if export.node == NODES[0]:
            raise RecursionError("too deep")
        return export

    monkeypatch.setattr("central.recovery.spool.checked", reading)
    line = Line()
    spooled = Spool(tmp_path, line.put)
    for _ in range(3):
        spooled.turn()
        line.settle(stored=True)
    assert not good.exists()
    kept = refused_file(bad)
    assert kept is not None
    assert kept.why == "RecursionError: too deep"


def written(key: Ed25519PrivateKey, made: Export) -> tuple[Export, bytes]:
    return made, seal(key, made)


class Line:
    """Takes messages over, and says of them what it is told."""

    def __init__(self) -> None:
        self.put_by: list[tuple[str, bytes]] = []
        self._unsettled: list[Callable[[bool], object]] = []
        self._failed: list[Callable[[Exception], object]] = []

    def put(
        self,
        topic: str,
        payload: bytes,
        settled: Callable[[bool], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self.put_by.append((topic, payload))
        self._unsettled.append(settled)
        self._failed.append(failed)

    def settle(self, *, stored: bool, most: int | None = None) -> None:
        settled, self._unsettled = (
            self._unsettled[:most],
            self._unsettled[len(self._unsettled[:most]) :],
        )
        for one in settled:
            one(stored)

    def fail(self, error: Exception) -> None:
        """Say of the last message what it met, as nobody thought of."""
        self._unsettled.pop()
        self._failed[-1](error)
