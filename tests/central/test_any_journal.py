"""Whatever the contract lets through is stored and folded: no hub's rows can stop the centre."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.store.database import open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from contract.codec import encode_entry
from contract.events import AnyEvent, Entry
from contract.stamp import Stamp
from tests.central.journal import MORNING_MS, Journal
from tests.contract.values import values

TODAY_MS = st.integers(MORNING_MS, MORNING_MS + 9 * 3_600_000)
STAMPS = st.one_of(
    values(Stamp), st.builds(Stamp, TODAY_MS, st.just(0), st.just("a"), st.booleans())
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(STAMPS, values(AnyEvent)), min_size=1, max_size=20))
def test_any_rows_of_the_contract_are_stored_and_folded(
    drawn: list[tuple[Stamp, AnyEvent]],
) -> None:
    made = Journal()
    for seq, (stamp, event) in enumerate(drawn, 1):
        entry = Entry(seq, stamp, "nv01", b"", training=False, event=event)
        made.add_bytes(encode_entry(entry))
    message = Received(made.events_topic, made.batch(1, len(drawn)), MORNING_MS)
    with TemporaryDirectory() as folder:
        db = open_for_writing(Path(folder) / "central.db")
        intake = Intake(SqlIngestStore(db))
        assert [done.watermark for done in intake.commit([message])] == [len(drawn)]
        assert Folder(SqlRollupStore(db), intake.recent).step() == len(drawn)
        assert Folder(SqlRollupStore(db)).rebuild() == len(drawn)
        db.close()
