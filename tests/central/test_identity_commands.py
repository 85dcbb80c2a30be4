"""The authority's commands, as an operator gives them."""

import io
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from msgspec.structs import replace

from central.__main__ import main
from central.identity.register import Register
from central.identity.registrar import Registrar, RequestRefused
from central.ingest.intake import Intake, Received
from central.store.access import AccessStore
from central.store.awaited_nodes import awaited_from
from central.store.database import database_of, reading, writing
from central.store.given_up import retired
from central.store.ingest import SqlIngestStore
from contract.events import TicketIssued
from runtime.authority import Authority
from runtime.clock import SystemClock
from runtime.enrolment import EnrolmentToken, fingerprint
from tests.central.certificate_requests import by_token
from tests.central.journal import MORNING_MS, Journal

SITE, NODE = "01-00097-01", "01-00097-01-h1"
SITES = "site,name,type,national_code\n01-00097-01,Trung tâm Hồng Hà,centre,H26.55\n"

Command = Callable[..., str]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    config = tmp_path / "central.toml"
    config.write_text('[store]\nfolder = "data"\n[embedded_broker]\n', "utf-8")
    (tmp_path / "sites.csv").write_text(SITES, "utf-8")

    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["thutu-central", "--config", str(config), *words])
        main()
        return capsys.readouterr().out.strip()

    run("import-sites", str(tmp_path / "sites.csv"))
    return run


@pytest.fixture
def identity(command: Command, tmp_path: Path) -> Path:
    command("init-ca", "--broker", "mqtt.example.vn", "--broker", "10.0.0.5")
    return tmp_path / "data" / "identity"


def let_in(identity: Path, token: EnrolmentToken) -> bytes:
    """The node's certificate for its token."""
    with closing(Register(identity)) as register:
        registrar = Registrar(Authority.load(identity), register, SystemClock())
        return registrar.answer(by_token(NODE, token)).chain[0]


def test_the_authority_is_made_with_all_that_a_broker_needs(identity: Path) -> None:
    names = {path.name: path.stat().st_mode & 0o777 for path in identity.iterdir()}
    assert names == {
        "ca.key": 0o600,
        "ca.pem": 0o644,
        "broker.key": 0o600,
        "broker.pem": 0o644,
        "centre.key": 0o600,
        "centre.pem": 0o644,
        "revoked.pem": 0o644,
        "identity.db": 0o600,
    }
    broker = x509.load_pem_x509_certificate((identity / "broker.pem").read_bytes())
    found = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in found] == ["mqtt.example.vn", "10.0.0.5"]


@pytest.mark.parametrize("lacks", ["broker.key", "centre.key", "centre.pem", "revoked.pem"])
def test_an_authority_that_a_cut_left_alone_is_completed_and_stays_who_it_is(
    lacks: str, command: Command, identity: Path
) -> None:
    made = ("broker.key", "broker.pem", "centre.key", "centre.pem", "revoked.pem")
    for name in made[made.index(lacks) :]:
        (identity / name).unlink()
    before = {path.name: path.read_bytes() for path in identity.glob("*.key")}
    certificate = (identity / "ca.pem").read_bytes()
    assert "Made in" in command("init-ca", "--broker", "mqtt.example.vn")
    assert {*made} <= {path.name for path in identity.iterdir()}
    assert (identity / "ca.pem").read_bytes() == certificate
    assert {name: (identity / name).read_bytes() for name in before} == before
    with pytest.raises(SystemExit, match="holds an authority already"):
        command("init-ca", "--broker", "mqtt.example.vn")


def test_a_token_is_printed_once_and_works(command: Command, identity: Path) -> None:
    token = EnrolmentToken.parse(command("enrol", SITE, NODE))
    assert token.authority == fingerprint(Authority.load(identity).root)
    let_in(identity, token)
    listed = command("certificates")
    assert NODE in listed
    assert "until" in listed
    assert token.text not in listed


def test_certificates_are_listed_with_the_days_of_vietnam(command: Command, identity: Path) -> None:
    let_in(identity, EnrolmentToken.parse(command("enrol", SITE, NODE)))
    evening_ms = 4_070_980_800_000  # 2099-01-01 20:00 in London, the next morning in Hà Nội
    with closing(Register(identity)) as register, register.transaction():
        [known] = register.certificates()
        row = replace(known, fingerprint=b"x", serial="0" * 40, until_ms=evening_ms)
        register.add_certificate(row)
    assert "2099-01-02" in command("certificates")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("enrol", "01-00098-01", "01-00098-01-h1"), "not registered"),
        (("enrol", SITE, "01-00098-01-h1"), "no node of"),
        (("enrol", SITE, "thutu-centre"), "not the name of a node"),
        (("init-ca", "--broker", "x"), "already"),
        (("revoke-node", "01-00097-01-hl", "--reason", "x"), "not the name of a node"),
        (("revoke-node", "01-00079-01-h1", "--reason", "x"), "nothing was revoked"),
        (("renew-broker", "--broker", "mqtt.example.vn:8883"), "Nothing was changed"),
        (("site-state", SITE), "not the name of a node"),
    ],
)
def test_what_cannot_be_is_said(
    words: tuple[str, ...], said: str, command: Command, identity: Path
) -> None:
    before = {file.name: file.read_bytes() for file in identity.glob("*.[kp]e*")}
    noted = command("audit")
    with pytest.raises(SystemExit, match=said):
        command(*words)
    after = {file.name: file.read_bytes() for file in identity.glob("*.[kp]e*")}
    assert {name for name in after if after[name] != before[name]} <= {"revoked.pem"}
    assert command("audit") == noted


@pytest.mark.parametrize(
    "name",
    ["https://mqtt.example.vn", "", "mạng.example.vn", "mqtt.example.vn:8883", "10.0.0.256",
     "mqtt.example.vn.", "mqtt-", "m" * 65],
)  # fmt: skip
def test_an_authority_is_not_half_made_for_a_wrong_name(
    name: str, command: Command, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="Nothing was changed"):
        command("init-ca", "--broker", "mqtt.example.vn", "--broker", name)
    assert not (tmp_path / "data" / "identity").exists()
    command("init-ca", "--broker", "mqtt.example.vn", "--broker", "xn--mng-iqa.example.vn")


@pytest.mark.parametrize("name", ["", "T" * 65])
def test_an_authority_needs_a_name_that_certificates_hold(
    name: str, command: Command, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="nothing was changed"):
        command("init-ca", "--broker", "mqtt.example.vn", "--name", name)
    assert not (tmp_path / "data" / "identity").exists()


def test_the_broker_gets_a_certificate_for_other_names_under_its_key(
    command: Command, identity: Path
) -> None:
    key = (identity / "broker.key").read_bytes()
    said = command("renew-broker", "--broker", "mqtt.tinh.vn", "--broker", "2001:db8::5")
    assert "mqtt.tinh.vn, 2001:db8::5" in said
    issued = x509.load_pem_x509_certificates((identity / "broker.pem").read_bytes())[0]
    names = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["mqtt.tinh.vn", "2001:db8::5"]
    assert (identity / "broker.key").read_bytes() == key
    issued.verify_directly_issued_by(Authority.load(identity).root)
    assert "whole: 3 lines" in command("audit")


def test_who_asks_for_a_token_is_told_whom_it_will_cut_off(
    command: Command, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token alone is on the output, for that is often a file."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    first = EnrolmentToken.parse(command("enrol", SITE, NODE))
    assert not said.getvalue()
    let_in(identity, first)
    spare = EnrolmentToken.parse(command("enrol", SITE, NODE))
    assert f"{NODE} has 1 valid certificates now" in said.getvalue()
    assert spare != first


def test_a_token_that_was_not_used_is_revoked(command: Command, identity: Path) -> None:
    token = EnrolmentToken.parse(command("enrol", SITE, NODE))
    assert "the unused token is worth nothing" in command("revoke-node", NODE, "--reason", "x")
    with pytest.raises(RequestRefused, match="unknown-signer"):
        let_in(identity, token)
    with pytest.raises(SystemExit, match="nothing was revoked"):
        command("revoke-node", NODE, "--reason", "x")


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("node", [NODE, "01-00097-01-h2"])
def test_the_state_of_any_hub_of_a_site_is_written(
    node: str, command: Command, tmp_path: Path
) -> None:
    with writing(database_of(tmp_path / "data")) as db:
        made = Journal(node)
        made.open_day()
        made.add(TicketIssued("1001", ("1",)))
        Intake(SqlIngestStore(db)).commit([Received(made.events_topic, made.all(), MORNING_MS)])
    said = command("site-state", node, "--to", str(tmp_path))
    assert f"2 rows of {node}, 0 missing" in said
    assert (tmp_path / f"thutu-state-{node}.thutu").exists()


def test_without_an_authority_nobody_is_enrolled(command: Command) -> None:
    with pytest.raises(SystemExit, match="no authority"):
        command("enrol", SITE, NODE)


def test_a_revocation_is_on_the_list_at_once_and_in_the_audit_log(
    command: Command, identity: Path
) -> None:
    token = EnrolmentToken.parse(command("enrol", SITE, NODE))
    issued = let_in(identity, token)
    assert command("revoke-node", NODE, "--reason", "stolen").startswith(
        f"{NODE}: 1 certificates revoked."
    )
    listed = x509.load_pem_x509_crl((identity / "revoked.pem").read_bytes())
    serial = x509.load_der_x509_certificate(issued).serial_number
    assert [entry.serial_number for entry in listed] == [serial]
    assert "revoked" in command("certificates")
    assert "whole: 4 lines" in command("audit")


def test_the_broker_is_brought_what_differs_and_nothing_else(
    command: Command, identity: Path, tmp_path: Path
) -> None:
    broker = tmp_path / "mosquitto"
    assert "ca.pem, broker.key, broker.pem, revoked.pem changed" in command(
        "broker-files", "--to", str(broker)
    )
    names = {path.name: path.stat().st_mode & 0o777 for path in broker.iterdir()}
    assert names == dict.fromkeys(("ca.pem", "broker.key", "broker.pem", "revoked.pem"), 0o640)
    assert "nothing changed" in command("broker-files", "--to", str(broker))
    (identity / "revoked.pem").write_bytes(b"another list")
    assert ": revoked.pem changed" in command("broker-files", "--to", str(broker))
    assert (broker / "revoked.pem").read_bytes() == b"another list"


@pytest.mark.usefixtures("identity")
def test_the_broker_is_brought_the_access_list_that_was_laid_beside_the_settings(
    command: Command, tmp_path: Path
) -> None:
    laid = tmp_path / "broker/acl"
    laid.parent.mkdir()
    laid.write_text("topic read former\n")
    broker = tmp_path / "mosquitto"
    carry = ("broker-files", "--to", str(broker))
    assert "broker.pem, acl, revoked.pem changed" in command(*carry)
    assert "nothing changed" in command(*carry)
    laid.write_text("topic read other\n")
    assert ": acl changed" in command(*carry)
    (broker / "acl").write_text("topic read somebody's\n")
    assert ": acl.former, acl changed" in command(*carry)
    (broker / "acl").write_text("topic read another's\n")
    laid.write_text("topic read new\n")
    assert ": acl changed" in command(*carry)
    assert (broker / "acl.former").read_text() == "topic read somebody's\n"
    assert (broker / "acl").read_text() == "topic read new\n"
    assert (broker / "acl").stat().st_mode & 0o777 == 0o640


def test_half_of_an_authority_is_not_brought_to_the_broker(
    command: Command, identity: Path, tmp_path: Path
) -> None:
    (identity / "broker.key").unlink()
    with pytest.raises(SystemExit, match=r"broker\.key"):
        command("broker-files", "--to", str(tmp_path / "mosquitto"))
    assert not (tmp_path / "mosquitto").exists()


def test_without_an_authority_nothing_is_brought_to_the_broker(
    command: Command, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=r"Nothing was copied\..*init-ca"):
        command("broker-files", "--to", str(tmp_path / "mosquitto"))
    assert not (tmp_path / "mosquitto").exists()


@pytest.mark.usefixtures("identity")
def test_a_retired_hub_is_shut_out_and_audited_and_may_come_back(
    command: Command, tmp_path: Path
) -> None:
    database = database_of(tmp_path / "data")
    with writing(database) as db:
        made = Journal(NODE)
        made.open_day()
        batch = Received(made.events_topic, made.all(), MORNING_MS)
        Intake(SqlIngestStore(db)).commit([batch])
    said = command("retire-node", NODE, "--reason", "h2 took its place")
    assert f"{NODE} is out of service" in said
    with reading(database) as conn:
        assert retired(conn) == {NODE}
    said = command("retire-node", NODE, "--back", "--reason", "typing error")
    assert f"thutu-central enrol {SITE} {NODE}" in said
    with reading(database) as conn:
        assert retired(conn) == set()
        deeds = [
            (row.action, row.subject)
            for row, _ in AccessStore(conn).audit(0, 100)
            if row.action.startswith("retire-node")
        ]
    assert deeds == [
        ("retire-node", f"{NODE}: h2 took its place"),
        ("retire-node --back", f"{NODE}: typing error"),
    ]


def test_a_hub_that_was_never_heard_cannot_be_retired(command: Command) -> None:
    with pytest.raises(SystemExit, match="never heard of 01-00097-01-h7"):
        command("retire-node", "01-00097-01-h7", "--reason", "x")


def test_a_hub_that_is_not_to_come_after_all_is_awaited_no_more(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "nodes.csv").write_text(f"node,awaited_from\n{NODE},\n", "utf-8")
    assert command("import-nodes", str(tmp_path / "nodes.csv")).startswith("1 newly awaited")
    assert f"{NODE} is out of service" in command("retire-node", NODE, "--reason", "no room")
    with reading(database_of(tmp_path / "data")) as conn:
        assert awaited_from(conn) == {}
    with pytest.raises(SystemExit, match="never heard"):
        command("retire-node", NODE, "--reason", "no room")


def test_what_a_former_card_owes_is_written_off_by_an_audited_command(
    command: Command, tmp_path: Path
) -> None:
    database = database_of(tmp_path / "data")
    with writing(database) as db:
        intake = Intake(SqlIngestStore(db))
        for epoch in ("00000000000000aa", "00000000000000bb"):
            made = Journal(NODE, epoch=epoch)
            made.open_day()
            intake.commit([Received(made.events_topic, made.all(), MORNING_MS)])
    said = command("write-off", NODE, "--reason", "card burnt")
    assert "00000000000000aa is written off: up to its last known row 1, 0 rows are missing" in said
    with reading(database) as conn:
        subjects = [row.subject for row, _ in AccessStore(conn).audit(0, 100)]
    assert f"{NODE} 00000000000000aa: 0 of 1 rows: card burnt" in subjects
    assert "nothing is awaited" in command("write-off", NODE, "--reason", "x")


@pytest.mark.parametrize("node", ["garbage", NODE])
def test_nothing_is_written_off_of_a_node_that_was_never_heard(command: Command, node: str) -> None:
    with pytest.raises(SystemExit, match=rf"never heard of {node}.*Nothing was changed"):
        command("write-off", node, "--reason", "x")


@pytest.mark.parametrize("deed", ["write-off", "retire-node", "revoke-node"])
def test_a_reason_says_something(
    command: Command, capsys: pytest.CaptureFixture[str], deed: str
) -> None:
    with pytest.raises(SystemExit):
        command(deed, NODE, "--reason", " ")
    assert "no reason is given; nothing was changed" in capsys.readouterr().err
