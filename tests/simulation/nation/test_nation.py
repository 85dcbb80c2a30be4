"""Twenty centres live the national day: every trouble, and not one row or figure astray."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulation.nation.run import Nation, Plan
from simulation.nation.verdict import hold_against

DAY = date(2026, 11, 23)
Lived = tuple[Nation, dict[str, Any], Path]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A day that was lived once, and the centre's database."""
    root = tmp_path_factory.mktemp("nation")
    nation = Nation(Plan(root, sites=20, speed=None, seed=7, day=DAY, reconnect_within_s=1.0))
    return nation, nation.live(), root / "centre" / "data" / "centre.db"


def test_centre_and_hubs_agree_row_by_row_and_figure_by_figure(lived: Lived) -> None:
    _, summary, _ = lived
    assert summary["differences"] == []
    assert summary["agree"]
    events = summary["events"]
    assert (events["lost"], events["journals_altered"]) == (0, 0)
    assert events["held"] == events["written"] > 4000
    assert summary["figures"]["tickets"]["centre"] > 500
    assert summary["figures"]["second_waits"]["centre"] > 50


def test_the_troubles_happened(lived: Lived) -> None:
    _, summary, _ = lived
    assert len(summary["troubles"]["provinces_without_line"]) == 3
    assert summary["herd"]["first_connection"]["back"] == 20
    assert summary["herd"]["return_of_all"]["away"] == 0
    assert summary["herd"]["return_of_all"]["back"] == 20
    assert summary["herd"]["confirmed_after_s"] is not None
    # A broker that forgot everything and a centre that was killed: rows were sent again.
    assert summary["events"]["sent"] > summary["events"]["written"]
    # A hub that started in the past gave out numbers before it knew the day.
    assert summary["tickets_on_another_day"] > 0


def test_what_the_machine_spent_is_told(lived: Lived) -> None:
    _, summary, _ = lived
    for part in ("centre", "broker", "hubs"):
        assert summary[part]["peak_rss_mb"] > 1
    assert summary["centre"]["cpu_s"] > 0
    assert summary["lag_ms"]["rows"] > 0
    assert summary["lag_ms"]["p50"] <= summary["lag_ms"]["p99"] <= summary["lag_ms"]["most"]


def test_a_row_that_is_gone_or_changed_would_be_seen(lived: Lived, tmp_path: Path) -> None:
    nation, _, database = lived
    spoilt = tmp_path / "spoilt.db"
    shutil.copy(database, spoilt)
    with closing(sqlite3.connect(spoilt)) as db, db:
        node, watermark = db.execute("SELECT journal, watermark FROM journals LIMIT 1").fetchone()
        db.execute("DELETE FROM events WHERE journal = ? AND seq = ?", (node, watermark))
        db.execute("UPDATE journals SET watermark = watermark - 1 WHERE journal = ?", (node,))
        db.execute("UPDATE totals SET issued = issued + 1 WHERE province = ''")
    verdict = hold_against(spoilt, nation.hubs, DAY.isoformat())
    assert verdict["events"]["lost"] == 1
    assert verdict["events"]["journals_altered"] == 1
    assert [line.split(":")[0] for line in verdict["differences"]] == ["events", "tickets"]


def test_the_command_prints_json_and_refuses_a_country_that_is_too_large() -> None:
    command = [sys.executable, "-m", "simulation.nation", "--speed", "max", "--reconnect-within"]
    english = {**os.environ, "LC_ALL": "en_GB.UTF-8"}
    small = subprocess.run(
        [*command, "1", "--sites", "2"],
        env=english,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert small.returncode == 0, small.stderr
    assert json.loads(small.stdout)["agree"]
    large = subprocess.run(
        [*command, "1", "--sites", "4000"],
        env=english,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert large.returncode == 2
    assert large.stderr.strip() == "thutu-nation: The country has 1 to 3321 communes, not 4000."
