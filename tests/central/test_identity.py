"""Who gets a certificate from the centre, and who does not."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec.structs import replace

from central.identity.own_certificates import issue_own, renew_own
from central.identity.register import Register
from central.identity.registrar import CERTIFICATE_LIFE, Registrar, RequestRefused
from contract.wire import Certificate, CertificateRequest
from runtime.authority import Authority, AuthorityError
from runtime.enrolment import EnrolmentToken, fingerprint
from tests.central.certificate_requests import by_certificate, by_token, new_key, pkcs10
from tests.edge.running_site import TestClock

NODE, OTHER = "01-00097-01-h1", "01-00098-01-h1"
HOUR_S = 3600
DAY_S = 24 * HOUR_S


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def authority(tmp_path: Path, clock: TestClock) -> Authority:
    return Authority.create(tmp_path / "identity", "test", clock.wall_ms)


@pytest.fixture
def registrar(authority: Authority, tmp_path: Path, clock: TestClock) -> Iterator[Registrar]:
    with closing(Register(tmp_path / "identity")) as register:
        yield Registrar(authority, register, clock)


def leaf(answer: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(answer.chain[0])


def refusal(registrar: Registrar, asked: CertificateRequest) -> str:
    with pytest.raises(RequestRefused) as caught:
        registrar.answer(asked)
    return caught.value.reason


# --- enrolment --------------------------------------------------------------------------------


def test_a_token_gets_a_certificate_for_its_node(
    registrar: Registrar, authority: Authority, clock: TestClock
) -> None:
    key = new_key()
    answer = registrar.answer(by_token(NODE, registrar.new_token(NODE), key))
    certificate = leaf(answer)
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == NODE
    certificate.verify_directly_issued_by(authority.root)
    use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(use) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    now = datetime.fromtimestamp(clock.wall_ms / 1000, UTC)
    assert certificate.not_valid_before_utc < now
    assert certificate.not_valid_after_utc == now + CERTIFICATE_LIFE
    assert x509.load_der_x509_certificate(answer.chain[-1]) == authority.root


def test_a_token_is_bound_to_the_authority_and_survives_being_written() -> None:
    token = EnrolmentToken.new(bytes(range(32)))
    assert EnrolmentToken.parse(f" {token.text}\n") == token
    assert len(token.text) == 86
    assert token.text not in repr(token)


@pytest.mark.parametrize("text", ["", "x", "A" * 85, "A" * 88, "a b" * 30, "ạ" * 86])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a token"):
        EnrolmentToken.parse(text)


def test_a_lost_answer_is_given_again(registrar: Registrar) -> None:
    asked = by_token(NODE, registrar.new_token(NODE))
    assert registrar.answer(asked) == registrar.answer(asked)


def test_a_token_is_good_for_one_key(registrar: Registrar) -> None:
    token = registrar.new_token(NODE)
    registrar.answer(by_token(NODE, token))
    assert refusal(registrar, by_token(NODE, token)) == "token-used"


def test_a_token_is_good_for_24_hours(registrar: Registrar, clock: TestClock) -> None:
    token = registrar.new_token(NODE)
    clock.later(24 * HOUR_S + 1)
    assert refusal(registrar, by_token(NODE, token)) == "token-over"


def test_a_token_is_good_for_its_node_only(registrar: Registrar) -> None:
    token = registrar.new_token(NODE)
    assert refusal(registrar, by_token(OTHER, token)) == "other-node"
    registrar.answer(by_token(NODE, token))


def test_a_newer_token_replaces_an_unused_one(registrar: Registrar) -> None:
    old, new = registrar.new_token(NODE), registrar.new_token(NODE)
    assert refusal(registrar, by_token(NODE, old)) == "unknown-signer"
    registrar.answer(by_token(NODE, new))


def test_who_reads_the_register_cannot_use_the_token(
    registrar: Registrar, authority: Authority, tmp_path: Path
) -> None:
    token = registrar.new_token(NODE)
    assert token.seed not in (tmp_path / "identity" / "identity.db").read_bytes()
    guessed = EnrolmentToken.new(fingerprint(authority.root))
    data = pkcs10(NODE, new_key())
    asked = replace(by_token(NODE, guessed, data=data), signer=token.public_key)
    assert refusal(registrar, asked) == "bad-proof"


def test_a_proof_is_good_for_its_own_request_only(registrar: Registrar) -> None:
    token = registrar.new_token(NODE)
    stolen = by_token(NODE, token)
    assert refusal(registrar, replace(stolen, request=pkcs10(NODE, new_key()))) == "bad-proof"


@pytest.mark.parametrize("what", ["name", "bytes", "rsa", "curve", "unsigned", "version"])
def test_a_bad_request_costs_the_token_nothing(what: str, registrar: Registrar) -> None:
    token = registrar.new_token(NODE)
    good = pkcs10(NODE, new_key())
    data = {
        "name": pkcs10("thutu-centre", new_key()),
        "bytes": b"0" * 40,
        "rsa": pkcs10(NODE, rsa.generate_private_key(65537, 2048)),
        "curve": pkcs10(NODE, ec.generate_private_key(ec.SECP384R1())),
        "unsigned": good[:-1] + bytes([good[-1] ^ 1]),
        "version": good,
    }[what]
    asked = by_token(NODE, token, data=data)
    if what == "version":
        assert refusal(registrar, replace(asked, version=2)) == "version"
    else:
        assert refusal(registrar, asked) == "bad-request"
    registrar.answer(by_token(NODE, token))


def test_a_new_machine_ends_the_certificates_of_the_old_one(
    registrar: Registrar, tmp_path: Path, clock: TestClock
) -> None:
    old = leaf(registrar.answer(by_token(NODE, registrar.new_token(NODE))))
    new = leaf(registrar.answer(by_token(NODE, registrar.new_token(NODE))))
    with closing(Register(tmp_path / "identity")) as register:
        serials = [revoked.serial for revoked in register.revoked(clock.wall_ms)]
        assert register.shut_out() == {}
    assert serials == [old.serial_number] != [new.serial_number]


# --- renewal ----------------------------------------------------------------------------------


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return new_key()


@pytest.fixture
def enrolled(registrar: Registrar, key: ec.EllipticCurvePrivateKey) -> Certificate:
    return registrar.answer(by_token(NODE, registrar.new_token(NODE), key))


def test_a_certificate_is_renewed_from_half_of_its_life(
    registrar: Registrar,
    key: ec.EllipticCurvePrivateKey,
    enrolled: Certificate,
    clock: TestClock,
) -> None:
    next_key = new_key()
    asked = by_certificate(NODE, enrolled.chain, key, pkcs10(NODE, next_key))
    clock.later(44 * DAY_S)
    assert registrar.answer(asked) == enrolled
    clock.later(2 * DAY_S)
    renewed = registrar.answer(asked)
    assert leaf(renewed).public_key() == next_key.public_key()
    assert registrar.answer(asked) == renewed, "its answer was lost"


def test_a_certificate_that_is_over_renews_nothing(
    registrar: Registrar,
    key: ec.EllipticCurvePrivateKey,
    enrolled: Certificate,
    clock: TestClock,
) -> None:
    clock.later(91 * DAY_S)
    asked = by_certificate(NODE, enrolled.chain, key, pkcs10(NODE, new_key()))
    assert refusal(registrar, asked) == "expired"
    registrar.answer(by_token(NODE, registrar.new_token(NODE)))


def test_a_certificate_renews_its_own_node_only(
    registrar: Registrar,
    key: ec.EllipticCurvePrivateKey,
    enrolled: Certificate,
    clock: TestClock,
) -> None:
    clock.later(50 * DAY_S)
    asked = by_certificate(OTHER, enrolled.chain, key, pkcs10(OTHER, new_key()))
    assert refusal(registrar, asked) == "other-node"
    data = pkcs10(NODE, new_key())
    assert refusal(registrar, by_certificate(NODE, enrolled.chain, new_key(), data)) == "bad-proof"


def test_a_revoked_certificate_renews_nothing_and_shuts_its_node_out(
    registrar: Registrar,
    key: ec.EllipticCurvePrivateKey,
    enrolled: Certificate,
    clock: TestClock,
    tmp_path: Path,
) -> None:
    clock.later(50 * DAY_S)
    token = registrar.new_token(NODE)
    assert registrar.revoke(NODE, "stolen") == (1, 1)
    assert registrar.revoke(NODE, "stolen") == (0, 0)
    asked = by_certificate(NODE, enrolled.chain, key, pkcs10(NODE, new_key()))
    assert refusal(registrar, asked) == "revoked"
    assert refusal(registrar, by_token(NODE, token)) == "unknown-signer"
    with closing(Register(tmp_path / "identity")) as register:
        assert register.shut_out().keys() == {NODE}
        registrar.answer(by_token(NODE, registrar.new_token(NODE)))
        assert register.shut_out() == {}


# --- the authority ----------------------------------------------------------------------------


def test_the_authority_is_never_made_twice_and_its_key_is_private(
    authority: Authority, tmp_path: Path, clock: TestClock
) -> None:
    folder = tmp_path / "identity"
    assert (folder / "ca.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(AuthorityError, match="already"):
        Authority.create(folder, "another", clock.wall_ms)
    assert Authority.load(folder).root == authority.root


@pytest.mark.parametrize("damage", ["no-key", "foreign-key", "no-chain", "foreign-chain"])
def test_an_authority_that_does_not_fit_together_is_not_used(
    damage: str, authority: Authority, tmp_path: Path, clock: TestClock
) -> None:
    folder, foreign = tmp_path / "identity", tmp_path / "foreign"
    Authority.create(foreign, authority.root.issuer.rfc4514_string(), clock.wall_ms)
    if damage == "no-key":
        (folder / "ca.key").write_bytes(b"-----BEGIN NOTHING-----")
    elif damage == "foreign-key":
        (folder / "ca.key").write_bytes((foreign / "ca.key").read_bytes())
    elif damage == "no-chain":
        (folder / "ca.pem").unlink()
    else:
        with (folder / "ca.pem").open("ab") as chain:
            chain.write((foreign / "ca.pem").read_bytes())
    with pytest.raises(AuthorityError, match="identity"):
        Authority.load(folder)


def test_the_list_names_what_is_revoked_until_it_would_be_over(
    registrar: Registrar,
    enrolled: Certificate,
    authority: Authority,
    clock: TestClock,
    tmp_path: Path,
) -> None:
    registrar.revoke(NODE, "stolen")
    with closing(Register(tmp_path / "identity")) as register:
        pem = authority.list_of_revoked(register.revoked(clock.wall_ms), clock.wall_ms)
        clock.later(timedelta(days=91).total_seconds())
        assert register.revoked(clock.wall_ms) == []
    revoked = x509.load_pem_x509_crl(pem)
    public = authority.root.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert revoked.is_signature_valid(public)
    assert [entry.serial_number for entry in revoked] == [leaf(enrolled).serial_number]


def test_the_centres_own_certificates_are_renewed_under_their_keys(
    authority: Authority, tmp_path: Path, clock: TestClock
) -> None:
    folder = tmp_path / "identity"
    issue_own(folder, authority, ("mqtt.example.vn", "10.0.0.5"), clock.wall_ms)
    before = x509.load_pem_x509_certificate((folder / "broker.pem").read_bytes())
    assert renew_own(folder, authority, clock.wall_ms + 44 * DAY_S * 1000) == []
    assert renew_own(folder, authority, clock.wall_ms + 46 * DAY_S * 1000) == ["centre", "broker"]
    after = x509.load_pem_x509_certificate((folder / "broker.pem").read_bytes())
    assert after.public_key() == before.public_key()
    assert after.not_valid_after_utc > before.not_valid_after_utc
    names = [
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for certificate in (before, after)
    ]
    assert names[0] == names[1]
    assert (folder / "broker.key").stat().st_mode & 0o777 == 0o600
