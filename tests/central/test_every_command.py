"""Every command of `thutu-central`, given over each engine: what it does, and that the audit log
has a line of every change."""

import io
import re
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.__main__ import main
from central.ingest.intake import Intake, Received
from central.recovery import commands as recovery_commands
from central.settings import CentralSettings
from central.store.access import AccessStore, AuditRow
from central.store.database import Location, open_for_writing, reading
from central.store.ingest import SqlIngestStore
from contract.events import TicketIssued
from contract.wire import VERSION, Export
from runtime.sealed import seal
from tests.central.appointments.sites import CONFIGURATION, SITE
from tests.central.journal import MORNING_MS, Journal
from tests.provision.update.wheelhouses import PUBLISHER, publish, wheel

H1, H2, H3 = f"{SITE}-h1", f"{SITE}-h2", f"{SITE}-h3"
HUB_KEY = Ed25519PrivateKey.generate()
PROGRAMS = {"serve", "ingest", "public"}  # these run until they are stopped
SETTINGS = f"""
[store]
folder = "data"
[embedded_broker]
[access.openid]
issuer = "https://id.example.vn"
client_id = "thutu"
centre_url = "https://xephang.example.vn"
name = "Cổng định danh"
[updates]
publisher_keys = ["{PUBLISHER.public_key().public_bytes_raw().hex()}"]
sources = ["https://centre.example/releases"]
"""
READS = {
    *("provinces", "units", "procedures", "accounts", "audit", "certificates", "config-key"),
    *("configurations", "release list", "rollout show", "rollout show 1", "site-state"),
    "broker-files",  # copies, by a unit that may write nothing else
    "import-provinces provinces.csv",  # the list in force
    "import-units units.csv",
}
MORE = {
    "provinces.csv": "98,Tỉnh Mới,2026-01-01,",
    "units.csv": "98-99999,Xã Mới,2026-01-01,",
}
COMMANDS = f"""
import-sites sites.csv --dry-run
import-sites sites.csv
import-nodes nodes.csv --dry-run
import-nodes nodes.csv
provinces > provinces.csv
import-provinces provinces.csv --dry-run
import-provinces provinces.csv
import-provinces more-provinces.csv
units > units.csv
import-units units.csv --dry-run
import-units units.csv
import-units more-units.csv
import-procedures procedures.csv --dry-run
import-procedures procedures.csv
procedures

account --name An --role national
password --name An
link-account --name An --subject s1
unlink-account --name An
token --name portal --role booking
accounts
revoke --name portal

init-ca --broker mqtt.example.vn
renew-broker --broker a.example.vn
enrol {SITE} {H1}
revoke-node {H1} --reason lost
certificates
broker-files --to mosquitto

config-key
publish-config {SITE} site.toml --dry-run
publish-config {SITE} site.toml
configurations

release add house
release list
rollout start 6 --percent 50
rollout widen 1 --percent 100
rollout pause 1
rollout resume 1
rollout show
rollout show 1
rollout stop 1
release prune --dry-run
release prune

node-key {H1} {HUB_KEY.public_key().public_bytes_raw().hex()}
import export.thutu
site-state {H1}
write-off {H1} --reason burnt
retire-node {H2} --reason spare
retire-node {H2} --reason mistake --back

audit
rebuild
rebuild --lose-dropped-days
move --to moved.db
"""

Command = Callable[..., str]


@pytest.fixture
def command(
    tmp_path: Path,
    location: Location,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    (tmp_path / "central.toml").write_text(SETTINGS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SUDO_USER", "minh")
    monkeypatch.setattr(CentralSettings, "database", lambda _settings: location)

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("hàng chờ buổi sáng\n"))
        monkeypatch.setattr(sys, "argv", ["thutu-central", *words])
        main()
        return capsys.readouterr().out

    return run


def lay_out_files(folder: Path) -> None:
    (folder / "sites.csv").write_text(
        f"site,name,type,national_code\n{SITE},Trung tâm Hồng Hà,centre,H26.55\n", "utf-8"
    )
    (folder / "procedures.csv").write_text(
        "code,name_vi,name_en,service,valid_from,valid_to\n1.000894,Đăng ký kết hôn,,1,,\n", "utf-8"
    )
    (folder / "nodes.csv").write_text(f"node,awaited_from\n{H3},2026-12-01\n", "utf-8")
    (folder / "site.toml").write_text(CONFIGURATION, "utf-8")
    sent = Export(VERSION, H1, f"{2:016x}", 3, 4, ())
    (folder / "export.thutu").write_bytes(seal(HUB_KEY, sent))
    publish(folder / "house", 6, [wheel(folder, "6.0")])


def hear_of_hubs(location: Location) -> None:
    """Two hubs report, one of them also from a card before its present one."""
    with closing(open_for_writing(location)) as db:
        intake = Intake(SqlIngestStore(db))
        for number, node in enumerate((H1, H1, H2), 1):
            journal = Journal(node, epoch=f"{number:016x}")
            journal.open_day()
            journal.add(TicketIssued("1001", ("1",)))
            intake.commit([Received(journal.events_topic, journal.all(), MORNING_MS)])


def changes(words: str) -> bool:
    """Whether a command is to leave a line in the audit log: every one that is not known to change
    nothing."""
    command, _, _ = words.partition(" ")
    return not (words in READS or command in READS or words.endswith("--dry-run"))


def audit_lines(location: Location) -> list[AuditRow]:
    """The whole audit log."""
    with reading(location) as conn:
        return [row for row, _ in AccessStore(conn).audit(0, 1000)]


def commands_of(command: Command, capsys: pytest.CaptureFixture[str], *group: str) -> set[str]:
    """The names of all commands, or of those of a group, as help tells them."""
    with pytest.raises(SystemExit):
        command(*group, "--help")
    return set(re.findall(r"^    ([a-z-]+)(?:  +\S|$)", capsys.readouterr().out, re.MULTILINE))


def test_every_command_does_its_work_and_what_changes_something_is_audited_over_each_engine(
    command: Command,
    location: Location,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(recovery_commands, "_TAKEN_WITHIN_S", 0.1)  # no centre runs to take it in
    lay_out_files(tmp_path)
    hear_of_hubs(location)
    lines = [line for line in COMMANDS.splitlines() if line]
    for line in lines:
        words, _, file = line.partition(" > ")
        before = audit_lines(location)
        said = command(*words.split())
        assert said.strip(), line
        if file:
            (tmp_path / file).write_text(said, "utf-8")
            (tmp_path / f"more-{file}").write_text(f"{said}{MORE[file]}\n", "utf-8")
        kept_in = tmp_path / "moved.db" if words.startswith("move ") else location
        noted = audit_lines(kept_in)[len(before) :]
        assert bool(noted) is changes(words), line
        assert {row.who for row in noted} <= {"minh"}
    given = {line.split()[0] for line in lines}
    assert given == commands_of(command, capsys) - PROGRAMS
    for group in ("release", "rollout"):
        given = {line.split()[1] for line in lines if line.startswith(f"{group} ")}
        assert given == commands_of(command, capsys, group)
