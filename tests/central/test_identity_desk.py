"""The centre's desk for identities, with a clock that stands until it is moved."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from central.identity.desk import IdentityDesk, has_authority
from central.identity.eviction import evict
from central.identity.own_certificates import issue_own
from central.identity.register import Register
from central.identity.registrar import Registrar
from contract.codec import decode_message, encode_message
from contract.topics import down, up
from contract.wire import Certificate
from runtime.authority import Authority
from runtime.mqtt import MqttSettings
from tests.central.certificate_requests import by_certificate, by_token, new_key, pkcs10
from tests.edge.running_site import TestClock

NODE, OTHER = "01-00097-01-h1", "01-00098-01-h1"
DAY_S = 86_400


class Watched:
    """A desk, what it published and whom it evicted, and commands beside it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "identity"
        self.clock = TestClock()
        self.authority = Authority.create(self.folder, "test", self.clock.wall_ms)
        self.register = Register(self.folder)
        self.registrar = Registrar(self.authority, self.register, self.clock)
        self.published: list[tuple[str, bytes]] = []
        self.evicted: list[str] = []
        self.desk = IdentityDesk(self.folder, self.clock, self._publish, self._evict)
        self.desk.turn()

    def listed(self) -> list[int]:
        found = x509.load_pem_x509_crl((self.folder / "revoked.pem").read_bytes())
        return [entry.serial_number for entry in found]

    def close(self) -> None:
        self.desk.close()
        self.register.close()

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.published.append((topic, payload))
        return True

    def _evict(self, _authority: Authority, node: str, _now_ms: int) -> None:
        self.evicted.append(node)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.close()


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return new_key()


@pytest.fixture
def enrolled(watched: Watched, key: ec.EllipticCurvePrivateKey) -> Certificate:
    return watched.registrar.answer(by_token(NODE, watched.registrar.new_token(NODE), key))


def test_there_is_a_desk_only_where_there_is_an_authority(tmp_path: Path) -> None:
    assert not has_authority(tmp_path)
    Authority.create(tmp_path / "identity", "test", 0)
    assert has_authority(tmp_path)


def test_a_renewal_is_answered_on_the_nodes_own_topic(
    watched: Watched, key: ec.EllipticCurvePrivateKey, enrolled: Certificate
) -> None:
    watched.clock.later(46 * DAY_S)
    next_key = new_key()
    asked = by_certificate(NODE, enrolled.chain, key, pkcs10(NODE, next_key))
    watched.desk.put(up(NODE, "renew"), encode_message(asked))
    watched.desk.turn()
    assert len(watched.published) == 1
    topic, payload = watched.published[0]
    assert topic == down(NODE, "certificate")
    issued = x509.load_der_x509_certificate(decode_message(payload, Certificate).chain[0])
    assert issued.public_key() == next_key.public_key()


def test_a_renewal_on_the_topic_of_another_is_not_answered(
    watched: Watched,
    key: ec.EllipticCurvePrivateKey,
    enrolled: Certificate,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watched.clock.later(46 * DAY_S)
    asked = by_certificate(NODE, enrolled.chain, key, pkcs10(NODE, new_key()))
    watched.desk.put(up(OTHER, "renew"), encode_message(asked))
    watched.desk.turn()
    assert "of another node than its topic" in caplog.text
    assert watched.published == []


def test_a_revoked_node_is_evicted_for_five_minutes(
    watched: Watched, enrolled: Certificate
) -> None:
    assert not watched.desk.is_shut_out(NODE)
    assert watched.evicted == []
    watched.registrar.revoke(NODE, "stolen")
    watched.desk.turn()
    assert watched.evicted == [NODE]
    assert watched.desk.is_shut_out(NODE)
    for _ in range(60):
        watched.clock.later(10)
        watched.desk.turn()
    assert 29 <= len(watched.evicted) <= 31
    serial = x509.load_der_x509_certificate(enrolled.chain[0]).serial_number
    assert watched.listed() == [serial]


def test_a_node_that_is_enrolled_again_is_let_in_at_once(
    watched: Watched, enrolled: Certificate
) -> None:
    watched.registrar.revoke(NODE, "by mistake")
    watched.desk.turn()
    assert watched.desk.is_shut_out(NODE)
    asked = by_token(NODE, watched.registrar.new_token(NODE))
    watched.desk.answer(encode_message(asked))
    assert not watched.desk.is_shut_out(NODE)
    before = len(watched.evicted)
    for _ in range(60):
        watched.clock.later(10)
        watched.desk.turn()
    assert len(watched.evicted) == before + 1
    assert len(enrolled.chain) == 2


def test_a_replaced_machine_is_listed_and_cut_off_once_when_the_list_was_read(
    watched: Watched, enrolled: Certificate
) -> None:
    old = x509.load_der_x509_certificate(enrolled.chain[0]).serial_number
    watched.desk.answer(encode_message(by_token(NODE, watched.registrar.new_token(NODE))))
    watched.desk.turn()
    assert watched.listed() == [old]
    assert watched.evicted == []
    for _ in range(60):
        watched.clock.later(10)
        watched.desk.turn()
    assert watched.evicted == [NODE]
    watched.desk.answer(encode_message(by_token(NODE, watched.registrar.new_token(NODE))))
    for _ in range(3):
        watched.clock.later(10)
        watched.desk.turn()
    assert watched.evicted == [NODE, NODE]


def test_a_machine_enrolled_long_before_a_restart_of_the_centre_is_left_alone(
    watched: Watched, enrolled: Certificate
) -> None:
    watched.desk.answer(encode_message(by_token(NODE, watched.registrar.new_token(NODE))))
    watched.clock.later(DAY_S)
    watched.desk.turn()
    assert watched.listed() != []
    assert watched.evicted == []
    assert len(enrolled.chain) == 2


def test_one_connection_is_ended_a_turn_and_each_gets_its_turn(
    watched: Watched, enrolled: Certificate
) -> None:
    """A broker that refuses us takes ten seconds each time."""
    nodes = [NODE, *(f"01-0009{number}-01-h1" for number in range(3))]
    for node in nodes[1:]:
        watched.registrar.answer(by_token(node, watched.registrar.new_token(node)))
    for node in nodes:
        watched.clock.later(1)
        watched.registrar.revoke(node, "stolen")
    for count in range(1, 9):
        watched.desk.turn()
        assert len(watched.evicted) == count
        watched.clock.later(10)
    assert watched.evicted == [*reversed(nodes), *reversed(nodes)]
    assert len(enrolled.chain) == 2


def test_of_many_revoked_at_once_each_is_tried_again_after_the_broker_has_read_the_list(
    watched: Watched,
) -> None:
    """A broker that refuses us takes ten seconds each time, so that the first come to their second
    try when their five minutes are long over."""
    nodes = [f"01-{number:05}-01-h1" for number in range(60)]
    for node in nodes:
        watched.registrar.answer(by_token(node, watched.registrar.new_token(node)))
    for node in nodes:
        watched.registrar.revoke(node, "stolen")
    in_first_seconds = set[str]()
    for turn in range(400):
        watched.desk.turn()
        if turn < 2:
            in_first_seconds.add(watched.evicted[-1])
        watched.clock.later(10)
    assert {*watched.evicted} == {*nodes}
    assert all(watched.evicted.count(node) >= 2 for node in in_first_seconds)
    assert len(watched.evicted) < 400, "it ends"


def test_who_was_revoked_long_ago_is_evicted_once_more_by_a_new_process(
    watched: Watched, enrolled: Certificate
) -> None:
    watched.registrar.revoke(NODE, "stolen")
    watched.clock.later(DAY_S)
    for _ in range(60):
        watched.desk.turn()
        watched.clock.later(10)
    assert watched.evicted == [NODE]
    assert len(enrolled.chain) == 2


def test_who_was_revoked_long_ago_does_not_keep_a_fresh_revocation_from_being_repeated(
    watched: Watched, enrolled: Certificate
) -> None:
    for number in range(40):
        node = f"01-{number:05}-01-h1"
        watched.registrar.answer(by_token(node, watched.registrar.new_token(node)))
        watched.registrar.revoke(node, "stolen")
    watched.clock.later(DAY_S)
    watched.desk.turn()
    watched.registrar.revoke(NODE, "stolen")
    for _ in range(60):
        watched.desk.turn()
        watched.clock.later(1)
    assert watched.evicted.count(NODE) == 6
    assert len(watched.evicted) == len({*watched.evicted}) + 5 == 41 + 5
    assert len(enrolled.chain) == 2


def test_a_revocation_stops_nothing_where_the_broker_is_reached_without_tls(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    evict(MqttSettings("127.0.0.1", 1883, "centre"), watched.authority, NODE, watched.clock.wall_ms)
    assert f"{NODE}: a certificate was revoked, but without a ca_file" in caplog.text


def test_the_list_is_made_anew_every_day_and_lasts_a_month(watched: Watched) -> None:
    def made() -> x509.CertificateRevocationList:
        return x509.load_pem_x509_crl((watched.folder / "revoked.pem").read_bytes())

    first = made()
    assert first.next_update_utc is not None
    assert (first.next_update_utc - first.last_update_utc).days == 30
    watched.clock.later(DAY_S)
    watched.desk.turn()
    assert made().last_update_utc > first.last_update_utc


def test_nothing_begins_in_the_future_when_the_clock_was_put_back(watched: Watched) -> None:
    """A broker lets nobody in by such a list, and no hub believes such a broker."""
    issue_own(watched.folder, watched.authority, ["localhost"], watched.clock.wall_ms)
    watched.clock.wall_ms += 3_650 * DAY_S * 1000
    watched.desk.turn()
    watched.clock.wall_ms -= 3_650 * DAY_S * 1000
    watched.desk.turn()
    made = x509.load_pem_x509_crl((watched.folder / "revoked.pem").read_bytes())
    assert made.last_update_utc.timestamp() * 1000 <= watched.clock.wall_ms
    for name in ("centre.pem", "broker.pem"):
        own = x509.load_pem_x509_certificate((watched.folder / name).read_bytes())
        assert own.not_valid_before_utc.timestamp() * 1000 <= watched.clock.wall_ms
