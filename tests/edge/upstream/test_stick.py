"""Events on a stick: the same batches, sealed; and what the centre says of them, carried back."""

import random
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import decode_message
from contract.wire import VERSION, Ack, Batch, Export, Receipt
from edge.store.journal import Journal
from edge.upstream.stick import NotForThisJournalError, NothingToExportError, acknowledge, export
from runtime.sealed import unseal_from
from tests.edge.journals import new_rows

NODE = "01-00097-01-h1"
ROWS = 1200


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.db")) as opened:
        noise = random.Random(1)
        bodies = (msgspec.msgpack.encode((n, noise.randbytes(60))) for n in range(ROWS))
        opened.append(new_rows(*bodies))
        yield opened


def test_every_unsent_row_is_in_the_file_once(
    journal: Journal, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    journal.advance(100)
    done = export(journal, NODE, key, tmp_path)
    sealed = unseal_from(done.file.read_bytes(), Export, key.public_key().public_bytes_raw())
    batches = [decode_message(batch, Batch) for batch in sealed.batches]
    entries = [bytes(entry) for batch in batches for entry in batch.entries]
    assert (done.first, done.last) == (sealed.first_seq, sealed.last_seq) == (101, ROWS)
    assert entries == [row.body for row in journal.rows(after=100)]
    assert all(len(batch) <= 20_000 for batch in sealed.batches)
    assert all(one.chain_after == next_.chain_before for one, next_ in pairwise(batches))
    assert batches[0].chain_before == journal.hash_at(100)


def test_nothing_is_written_when_the_centre_has_all(
    journal: Journal, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    journal.advance(ROWS)
    with pytest.raises(NothingToExportError):
        export(journal, NODE, key, tmp_path)
    assert not list(tmp_path.glob("*.thutu*"))


def test_the_cursor_goes_by_the_receipt(journal: Journal) -> None:
    receipt = Receipt(VERSION, NODE, (Ack(VERSION, "0" * 16, 7), Ack(VERSION, journal.epoch, 900)))
    assert acknowledge(journal, NODE, receipt) == (900, 0)
    assert acknowledge(journal, NODE, receipt) == (900, 0)
    assert journal.cursor == 900


def test_what_a_restored_centre_has_lost_is_in_the_next_file(
    journal: Journal, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    journal.advance(1000)
    restored = Receipt(VERSION, NODE, (Ack(VERSION, journal.epoch, 50),))
    assert acknowledge(journal, NODE, restored) == (50, 950)
    assert export(journal, NODE, key, tmp_path)[1:] == (51, ROWS)


@pytest.mark.parametrize("case", ["node", "epoch", "beyond", "version"])
def test_a_receipt_of_something_else_moves_nothing(journal: Journal, case: str) -> None:
    epoch = "0" * 16 if case == "epoch" else journal.epoch
    ack = Ack(VERSION, epoch, ROWS + 1 if case == "beyond" else 5)
    node = "01-00097-02-h1" if case == "node" else NODE
    receipt = Receipt(VERSION + (case == "version"), node, (ack,))
    with pytest.raises(NotForThisJournalError):
        acknowledge(journal, NODE, receipt)
    assert journal.cursor == 0
