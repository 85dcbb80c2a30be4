"""What is read of one site."""

import pytest

from central.ingest.intake import Intake, Received
from central.scope import Scope
from central.store.connection import Database
from central.store.ingest import SqlIngestStore
from central.store.reader import Gap, Reader
from tests.central.busy_day import morning
from tests.central.journal import MORNING_MS, NODE


@pytest.fixture
def db(each_db: Database) -> Database:
    return each_db


def test_a_list_of_gaps_has_a_bound(db: Database) -> None:
    made = morning(NODE, tickets=250).journal
    runs = [(seq, seq) for seq in range(3, len(made.rows), 2)]
    assert len(runs) > 500
    Intake(SqlIngestStore(db)).commit(
        [Received(made.events_topic, made.batch(*run), MORNING_MS) for run in runs]
    )
    reader = Reader(db.conn, Scope())
    gaps = reader.gaps(NODE[:11])
    assert len(gaps) == 500
    assert gaps[0] == Gap(NODE, made.epoch, 1, 2)
    (node,) = reader.nodes()
    assert node.missing == runs[-1][1] - len(runs)
