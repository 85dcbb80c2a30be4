"""A whole day at two centres, with outages and restarts of hub, broker and centre in its middle."""

import sqlite3
from contextlib import closing
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from simulation.clock import SimulatedTime
from simulation.demo.run import Demo, Plan
from simulation.demo.screen import Screen
from simulation.demo.stage import Stage
from simulation.visits import at

MONDAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    plan = Plan(tmp_path_factory.mktemp("day"), sites=2, seed=11, speed=None, day=MONDAY)
    simulated = SimulatedTime(at(MONDAY, time(6, 30)), speed=None)
    with Stage(plan.root, plan.communes, simulated, plan.seed) as stage:
        demo = Demo(plan, simulated, stage, Screen(Console(quiet=True), drawing=False))
        busy, median = stage.sites
        for clock, misfortune in (
            (time(8, 10), stage.broker.stop),
            (time(9, 0), busy.restart),
            (time(9, 20), stage.broker.start),
            (time(10, 0), stage.restart_centre),
            (time(10, 5), median.disconnect),
            (time(14, 30), stage.restart_broker),
            (time(15, 0), median.restart),
            (time(15, 30), median.connect),
        ):
            demo.agenda.plan(at(MONDAY, clock), misfortune)
        demo.live()
        assert demo.settle(), "the centre has not confirmed everything"
        summary = demo.summary()
        summary["journals"] = {
            site.node.hub.identity.node: [row.body for row in site.node.hub.journal.rows()]
            for site in stage.sites
        }
        summary["held"] = {
            node: held_by_the_centre(plan.root, node) for node in summary["journals"]
        }
        summary["slips"] = {site.rules.site: len(site.slips) for site in stage.sites}
    return summary


def held_by_the_centre(root: Path, node: str) -> list[bytes]:
    """The rows of a node's journal at the centre; everything that is closed later makes more."""
    with closing(sqlite3.connect(root / "centre" / "centre.db")) as centre:
        query = (
            "SELECT entry FROM events JOIN journals USING (journal) JOIN nodes USING (node) "
            "WHERE nodes.code = ? ORDER BY seq"
        )
        return [row[0] for row in centre.execute(query, (node,))]


def test_people_were_served_all_day(day: dict[str, Any]) -> None:
    busy, median = day["sites"]
    assert busy["tickets"] > 50
    assert median["tickets"] > 5
    assert all(site["visits"] > 0.8 * site["tickets"] for site in day["sites"])


def test_no_number_came_twice(day: dict[str, Any]) -> None:
    for site in day["sites"]:
        assert len(set(site["numbers"])) == len(site["numbers"])


def test_the_centre_holds_every_row_of_every_journal(day: dict[str, Any]) -> None:
    assert day["held"] == day["journals"]
    assert all(day["journals"].values())


def test_hubs_and_centre_agree_on_every_figure(day: dict[str, Any]) -> None:
    assert [site["differences"] for site in day["sites"]] == [[], []]
    assert [site["events"]["missing"] for site in day["sites"]] == [0, 0]


def test_every_ticket_came_out_on_paper(day: dict[str, Any]) -> None:
    for site in day["sites"]:
        assert day["slips"][site["site"]] >= site["tickets"]
