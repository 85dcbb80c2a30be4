"""From a one-time token to a trusted node and out again, with a real broker that demands
certificates: nothing is lost at the hub, whatever is refused."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from contract.commands import ReportDevice
from edge.identity.enrolment import enrol
from edge.node import Node
from runtime.authority import key_pem
from runtime.clock import SystemClock
from runtime.mqtt import MqttLink
from tests.certificates import Authority
from tests.edge.running_site import TestClock
from tests.system.identity_ground import NODE, Ground
from tests.waiting import until

DAY_S = 86_400


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    made.start_broker()
    yield made
    made.stop_broker()


def all_is_sent(hub: Node) -> bool:
    link = hub.hub.snapshot().link
    return link.connected and link.unsent == 0


def certificate(ground: Ground) -> x509.Certificate:
    file = ground.root / "hub" / "identity" / "node.pem"
    return x509.load_pem_x509_certificate(file.read_bytes())


def revoked_serials(ground: Ground) -> list[int]:
    listed = x509.load_pem_x509_crl((ground.identity / "revoked.pem").read_bytes())
    return [entry.serial_number for entry in listed]


def quarantined(ground: Ground) -> set[str]:
    with closing(sqlite3.connect(ground.data / "centre.db")) as conn:
        return {reason for (reason,) in conn.execute("SELECT reason FROM quarantine")}


def stored(ground: Ground) -> int:
    with closing(sqlite3.connect(ground.data / "centre.db")) as conn:
        return int(conn.execute("SELECT COUNT(*) FROM events").fetchone()[0])


def test_a_new_machine_lets_itself_in_with_its_token(ground: Ground) -> None:
    ground.give_token()
    with ground.centre() as centre, ground.hub(centre) as hub:
        until(lambda: all_is_sent(hub))
        assert stored(ground) == hub.hub.journal.last_seq > 0
    key = (ground.root / "hub" / "identity" / "node.pem").stat()
    assert key.st_mode & 0o777 == 0o600
    assert not (ground.root / "hub" / "identity" / "asking.pem").exists()


def test_the_centres_authority_may_have_another_above_it(tmp_path: Path) -> None:
    ground = Ground(tmp_path, above=True)
    ground.start_broker()
    ground.give_token()
    with ground.centre() as centre, ground.hub(centre) as hub:
        until(lambda: all_is_sent(hub))
        ground.revoke()
        until(lambda: not hub.hub.snapshot().link.connected, within_s=40)
    ground.stop_broker()


def test_a_stolen_card_is_cut_off_and_its_successor_sends_everything(ground: Ground) -> None:
    ground.give_token()
    with ground.centre() as centre, ground.hub(centre) as hub:
        until(lambda: all_is_sent(hub))
        ground.revoke()
        until(lambda: not hub.hub.snapshot().link.connected, within_s=40)
        write_rows(hub)
        before = stored(ground)
        assert hub.hub.snapshot().link.unsent > 0
        enrol(centre.url, ground.give_token(), ground.hub_identity, NODE)
        until(lambda: all_is_sent(hub), within_s=30)
        assert stored(ground) == hub.hub.journal.last_seq > before


def test_what_a_revoked_node_still_sends_goes_to_quarantine(ground: Ground) -> None:
    """The broker does not know yet: it has not read the list."""
    ground.give_token()
    with ground.centre() as centre, ground.hub(centre) as hub:
        until(lambda: all_is_sent(hub))
        with ground.registrar() as registrar:
            registrar.revoke(NODE, "stolen")

        def refused() -> bool:
            write_rows(hub)
            return "revoked" in quarantined(ground)

        until(refused)
        assert hub.hub.snapshot().link.unsent > 0
        until(lambda: revoked_serials(ground) == [certificate(ground).serial_number])


def test_a_stolen_card_whose_successor_was_let_in_is_cut_off_for_good(
    ground: Ground, tmp_path: Path
) -> None:
    """The successor is silent, as where its line is away: nobody but the centre ends the thief."""
    with ground.centre() as centre:
        enrol(centre.url, ground.give_token(), ground.hub_identity, NODE)
        stolen = tmp_path / "stolen.pem"
        shutil.copy(ground.hub_identity.certificate_file, stolen)
        thief = MqttLink(
            ground.settings("x", stolen, stolen),
            persistent=False,
            subscriptions=(),
            on_message=lambda _topic, _payload: None,
            on_state=lambda _state: None,
        )
        thief.start()
        until(lambda: thief.connected)
        shutil.rmtree(ground.root / "hub")
        (ground.root / "hub").mkdir()
        enrol(centre.url, ground.give_token(), ground.hub_identity, NODE)
        until(lambda: len(revoked_serials(ground)) == 1)
        ground.carry_to_broker()
        ground.reload_broker()
        until(lambda: not thief.connected, within_s=30)
        with ground.hub(centre, clock_that_is_right()) as hub:
            until(lambda: all_is_sent(hub))
            assert not thief.connected
        thief.stop()


def test_a_certificate_is_renewed_over_the_broker_and_the_next_connection_uses_it(
    ground: Ground,
) -> None:
    ground.enrol_at(TestClock(SystemClock().stamp().wall_ms - 50 * DAY_S * 1000))
    first = certificate(ground)
    with ground.centre() as centre:
        with ground.hub(centre, clock_that_is_right()) as hub:
            until(lambda: all_is_sent(hub))
            until(lambda: certificate(ground) != first)
        second = certificate(ground)
        assert second.public_key() != first.public_key()
        with ground.hub(centre, clock_that_is_right()) as hub:
            until(lambda: all_is_sent(hub))
        assert certificate(ground) == second


def test_a_hub_that_cannot_tell_the_time_asks_and_the_centre_decides(ground: Ground) -> None:
    at_1973 = TestClock(100_000_000_000)
    at_1973.synced = False
    ground.enrol_at(TestClock(SystemClock().stamp().wall_ms - 50 * DAY_S * 1000))
    first = certificate(ground)
    with ground.centre() as centre, ground.hub(centre, at_1973) as hub:
        until(lambda: all_is_sent(hub))
        until(lambda: certificate(ground) != first)


@pytest.mark.parametrize("synced", [True, False])
def test_a_hub_whose_certificate_is_over_keeps_everything_until_a_token_comes(
    *, synced: bool, ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    ground.enrol_at(TestClock(SystemClock().stamp().wall_ms - 91 * DAY_S * 1000))
    clock = clock_that_is_right()
    clock.synced = synced
    with ground.centre() as centre, ground.hub(centre, clock) as hub:
        until(lambda: "does it accept our certificate?" in caplog.text)
        if synced:
            until(lambda: "the certificate was over" in caplog.text)
        else:
            assert "the certificate was over" not in caplog.text
        write_rows(hub)
        assert stored(ground) == 0
        enrol(centre.url, ground.give_token(), ground.hub_identity, NODE)
        until(lambda: all_is_sent(hub))
        assert stored(ground) == hub.hub.journal.last_seq > 0


def test_a_hub_whose_clock_shows_1973_is_enrolled_and_let_in(ground: Ground) -> None:
    clock = TestClock(100_000_000_000)
    clock.synced = False
    ground.give_token()
    with ground.centre() as centre, ground.hub(centre, clock) as hub:
        until(lambda: all_is_sent(hub))


def clock_that_is_right() -> TestClock:
    """Unlike the machine's, it is synchronised wherever the test runs."""
    return TestClock(SystemClock().stamp().wall_ms)


def write_rows(hub: Node) -> None:
    """Let something happen at the hub, whatever the hour."""
    before = hub.hub.journal.last_seq
    for state in ("ready", "paper-low", "ready"):
        hub.hub.report(ReportDevice("printer-1", state))
    until(lambda: hub.hub.journal.last_seq > before)


# --- the broker's own certificate -------------------------------------------------------------


def serve_with(ground: Ground, pem: bytes, key: bytes) -> None:
    """Start the broker again with another certificate."""
    ground.stop_broker()
    (ground.identity / "broker.pem").write_bytes(pem)
    (ground.identity / "broker.key").write_bytes(key)
    ground.start_broker()


def over_since(ground: Ground, days: int) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    then_ms = SystemClock().stamp().wall_ms - (90 + days) * DAY_S * 1000
    issued = ground.authority.certify_server(
        ("127.0.0.1",), key.public_key(), then_ms, timedelta(days=90)
    )
    return issued.public_bytes(Encoding.PEM), key_pem(key)


def test_a_false_broker_hears_nothing(
    ground: Ground, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ground.enrol_at(SystemClock())
    false = Authority(tmp_path / "false").sign("127.0.0.1")
    with ground.centre() as centre:
        serve_with(ground, false.certificate.read_bytes(), false.key.read_bytes())
        with ground.hub(centre, clock_that_is_right()) as hub:
            until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text)
            assert not all_is_sent(hub)
    assert NODE not in ground.log.read_text("utf-8")


@pytest.mark.parametrize("synced", [True, False])
def test_a_broker_whose_certificate_is_over_hears_nothing(
    *, synced: bool, ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    """A hub that cannot tell the time knows at least when its own certificate was made."""
    ground.enrol_at(SystemClock())
    clock = clock_that_is_right() if synced else TestClock(100_000_000_000)
    clock.synced = synced
    with ground.centre() as centre:
        serve_with(ground, *over_since(ground, days=1))
        with ground.hub(centre, clock) as hub:
            until(lambda: "the server's certificate was over" in caplog.text)
            assert not all_is_sent(hub)
    assert NODE not in ground.log.read_text("utf-8")
