"""The demo as people start it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

DEMO = [sys.executable, "-m", "simulation.demo"]


def live(*arguments: str | Path) -> dict[str, Any]:
    """Live a day of the first site at full speed; its summary."""
    command = [*DEMO, "--speed", "max", "--sites", "1", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def test_a_seed_repeats_tickets_waits_and_ratings(tmp_path: Path) -> None:
    first = live("--seed", "3", "--out", tmp_path / "first")
    second = live("--seed", "3", "--out", tmp_path / "second")
    for key in ("numbers", "waits_s", "ratings", "counters", "turned_away"):
        assert first["sites"][0][key] == second["sites"][0][key]
    assert first["agree"]


def test_what_a_day_leaves_behind(tmp_path: Path) -> None:
    summary = live("--out", tmp_path / "day")
    site = tmp_path / "day" / "01-00097-01"
    assert json.loads((tmp_path / "day" / "summary.json").read_text("utf-8")) == summary
    assert (site / "hub" / "journal.db").stat().st_size > 0
    assert (tmp_path / "day" / "centre" / "centre.db").stat().st_size > 0
    for number in summary["sites"][0]["numbers"]:
        with Image.open(site / "tickets" / f"{number}.png") as slip:
            assert slip.width == 576


def test_a_recorded_day_is_lived(tmp_path: Path) -> None:
    recorded = tmp_path / "day.csv"
    recorded.write_text(
        "arrived_at,service,service_s,rating\n08:00:00,1,300,4\n08:01:00,2,600,\n", "utf-8"
    )
    site = live("--arrivals", recorded, "--out", tmp_path / "day")["sites"][0]
    assert (site["tickets"], site["visits"]) == (2, 2)
    assert site["ratings"]["levels"] == {"4": 1, "3": 0, "2": 0, "1": 0}


def test_faults_happen_when_asked_for_and_lose_nothing(tmp_path: Path) -> None:
    recorded = tmp_path / "day.csv"
    recorded.write_text("arrived_at,service,service_s\n08:00:00,1,300\n08:10:00,1,300\n", "utf-8")
    faults = ("07:50=paper-out", "08:05=paper", "08:20=hub-restart", "08:25=line-cut")
    asked = [part for fault in faults for part in ("--fault", fault)]
    summary = live(
        "--arrivals", recorded, *asked, "--fault", "09:00=line-up", "--out", tmp_path / "d"
    )
    site = summary["sites"][0]
    slips = {path.stem for path in (tmp_path / "d" / "01-00097-01" / "tickets").glob("1*.png")}
    assert summary["agree"]
    assert (site["tickets"], site["visits"], site["events"]["missing"]) == (2, 2, 0)
    assert slips == {site["numbers"][1]}


def test_a_hall_whose_satellite_is_off_loses_neither_number_nor_slip(tmp_path: Path) -> None:
    """Its buttons and its rating pad are dead meanwhile, and the kiosk is not."""
    recorded = tmp_path / "day.csv"
    arrivals = "".join(f"08:{minute:02d}:00,{minute % 3 + 1},120,4\n" for minute in range(40))
    recorded.write_text(f"arrived_at,service,service_s,rating\n{arrivals}", "utf-8")

    def lived(folder: str, *faults: str) -> dict[str, Any]:
        asked = [part for fault in faults for part in ("--fault", fault)]
        summary = live("--arrivals", recorded, *asked, "--out", tmp_path / folder)
        assert summary["agree"]
        site: dict[str, Any] = summary["sites"][0]
        return site

    always = lived("always")
    partly = lived("partly", "08:15=satellite-off", "08:30=satellite-on")
    for site in (always, partly):
        assert (site["tickets"], site["visits"], site["events"]["missing"]) == (40, 40, 0)
        assert len(site["numbers"]) == len(set(site["numbers"])) == 40
    assert slips(tmp_path / "always") == slips(tmp_path / "partly") == set(always["numbers"])
    assert always["ratings"]["count"] > partly["ratings"]["count"] > 0


def slips(day: Path) -> set[str]:
    """The numbers of which a slip was taken."""
    return {path.stem for path in (day / "01-00097-01" / "tickets").glob("[1-9]*.png")}


def test_a_fault_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    for fault in ("08:00=earthquake", "8=paper-out", "08:00=paper-out@2"):
        command = [*DEMO, "--json", "--sites", "1", "--fault", fault, "--out", str(tmp_path / "d")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, (tmp_path / "d").exists()) == (2, False)


def test_bad_arrivals_are_refused_before_anything_is_lived(tmp_path: Path) -> None:
    recorded = tmp_path / "day.csv"
    recorded.write_text("arrived_at,service,service_s\n25:00:00,1,300\n", "utf-8")
    command = [*DEMO, "--json", "--arrivals", str(recorded), "--out", str(tmp_path / "day")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "line 2: arrived_at is '25:00:00'" in done.stderr
    assert not (tmp_path / "day" / "summary.json").exists()


def test_a_folder_in_use_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep", "utf-8")
    command = [*DEMO, "--json", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    command = [*DEMO, "--json", "--speed", "60", "--out", str(tmp_path / "day")]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "day" / "04-01738-01" / "hub" / "journal.db"
    while not journal.exists():
        assert demo.poll() is None
    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
