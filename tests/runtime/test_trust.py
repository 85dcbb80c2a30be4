"""Whom a machine believes whose clock may be wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import runtime.authority
from contract.stamp import Stamp
from runtime.clock import SystemClock
from runtime.trust import DatesWrong, check_dates, client_context
from tests.certificates import Authority, Pair

DAY_MS = 86_400_000
NOW_MS = int(datetime.now(UTC).timestamp() * 1000)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def der(pair: Pair) -> bytes:
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    return certificate.public_bytes(Encoding.DER)


def at(days: float, *, synced: bool) -> Stamp:
    return Stamp(NOW_MS + round(days * DAY_MS), 1, "boot", synced)


@pytest.mark.parametrize(("days", "good"), [(-6, False), (-4, True), (0, True), (3, False)])
def test_a_clock_that_is_right_decides(days: float, good: bool, authority: Authority) -> None:
    """The certificate began five days ago and ends in two."""
    server = der(authority.sign("server"))
    if good:
        check_dates(server, None, at(days, synced=True))
        return
    with pytest.raises(DatesWrong, match="the server's certificate"):
        check_dates(server, None, at(days, synced=True))


@pytest.mark.parametrize("days", [-20_000, 0, 20_000])
def test_a_clock_that_is_wrong_locks_nobody_out(days: int, authority: Authority) -> None:
    own = authority.sign("node").certificate
    server = der(authority.sign("server"))
    check_dates(server, own, at(days, synced=False))
    check_dates(server, None, at(days, synced=False))


def test_what_was_over_when_our_own_was_made_is_refused_by_any_clock(tmp_path: Path) -> None:
    old = Authority(tmp_path).sign("server", expired=True)
    own = tmp_path / "own.pem"
    centre = runtime.authority.Authority.create(tmp_path / "ca", "test", NOW_MS)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    made_now = centre.certify_client("node", key, NOW_MS, timedelta(days=90))
    own.write_bytes(made_now.public_bytes(Encoding.PEM))
    with pytest.raises(DatesWrong, match="was over"):
        check_dates(der(old), own, at(-20_000, synced=False))


def test_a_server_without_a_certificate_is_refused() -> None:
    with pytest.raises(DatesWrong, match="no certificate"):
        check_dates(None, None, at(0, synced=False))


def test_files_that_cannot_be_used_are_named(authority: Authority, tmp_path: Path) -> None:
    pair, clock = authority.sign("node"), SystemClock()
    with pytest.raises(OSError, match=r"missing\.pem cannot be used"):
        client_context(tmp_path / "missing.pem", None, None, clock)
    with pytest.raises(OSError, match=r"node\.pem cannot be used"):
        client_context(authority.certificate, pair.certificate, authority.sign("x").key, clock)
    client_context(authority.certificate, pair.certificate, pair.key, clock)
