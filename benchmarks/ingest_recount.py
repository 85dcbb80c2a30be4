"""Whether a database holds exactly what a load has, once each, and figures of all of it."""

from pathlib import Path

from benchmarks.ingest_load import Load
from central.store.database import reading


def recount(database: Path, load: Load) -> None:
    """Assert that rows, figures and the journals' ledgers are those of the load."""
    with reading(database) as conn:
        rows = conn.execute(
            "SELECT count(*), count(DISTINCT journal || ' ' || seq), sum(kind IS NULL) FROM events"
        )
        assert rows.fetchone() == (load.events, load.events, 0)
        expected = (load.issued, load.finished, load.wait_ms)
        for table in ("cells", "site_days"):
            found = conn.execute(
                f"SELECT sum(issued), sum(finished), sum(wait_ms) FROM {table}"  # noqa: S608 - our own names
            )
            assert found.fetchone() == expected
        found = conn.execute(
            "SELECT issued, finished, wait_ms, answers FROM totals WHERE province = ''"
        )
        assert found.fetchall() == [(*expected, load.ratings)]
        ledger = conn.execute("SELECT sum(watermark), sum(folded), sum(beyond) FROM journals")
        assert ledger.fetchone() == (load.events, load.events, 0)
