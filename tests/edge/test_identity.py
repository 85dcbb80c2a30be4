"""A node's own files of its identity, and how it asks for a certificate."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from msgspec.structs import replace

from central.identity.desk import IdentityDesk
from central.identity.enrolment import create_enrolment
from central.identity.register import Register
from central.identity.registrar import Registrar
from contract.codec import decode_message, encode_message
from contract.wire import VERSION, Certificate, CertificateRequest
from edge.__main__ import main
from edge.identity.enrolment import CentreUnreachable, EnrolmentRefused, enrol
from edge.identity.folder import IdentityError, IdentityFolder
from edge.identity.keeper import IdentityKeeper
from runtime.authority import Authority
from runtime.enrolment import ENROL_PATH, EnrolmentToken
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.edge.hub_toml import TWO_COUNTERS
from tests.edge.running_site import TestClock
from tests.waiting import until

NODE = "01-00097-01-h1"
DAY_S = 86_400


class Desk:
    """The centre's desk with its page, and commands beside it."""

    def __init__(self, folder: Path) -> None:
        self.clock = TestClock()
        self.folder = folder
        self.authority = Authority.create(folder, "test", self.clock.wall_ms)
        self.desk = IdentityDesk(folder, self.clock, lambda *_: True, lambda *_: None)
        self._server = HttpServer(
            create_enrolment(self.desk, self.clock), HttpAddress("127.0.0.1", 0)
        )
        self._server.start()
        self.url = self._server.url

    def token(self, node: str = NODE) -> EnrolmentToken:
        with closing(Register(self.folder)) as register:
            return Registrar(self.authority, register, self.clock).new_token(node)

    def revoke(self) -> None:
        with closing(Register(self.folder)) as register:
            Registrar(self.authority, register, self.clock).revoke(NODE, "test")

    def close(self) -> None:
        self._server.stop()
        self.desk.close()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "centre")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> IdentityFolder:
    return IdentityFolder(tmp_path / "hub", NODE)


def files(folder: IdentityFolder) -> set[str]:
    return {path.name for path in folder.certificate_file.parent.iterdir()}


# --- enrolment --------------------------------------------------------------------------------


def test_a_certificate_comes_for_a_key_that_stays(centre: Desk, folder: IdentityFolder) -> None:
    assert folder.held() is None
    enrol(centre.url, centre.token(), folder, NODE)
    held = folder.held()
    assert held is not None
    assert held.certificate.public_key() == held.key.public_key()
    held.certificate.verify_directly_issued_by(centre.authority.root)
    assert files(folder) == {"node.pem", "ca.pem"}
    for file in (folder.certificate_file, folder.root_file):
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_lost_answer_costs_nothing(centre: Desk, folder: IdentityFolder) -> None:
    """The centre has answered, and the hub was switched off before it heard."""
    token = centre.token()
    request = folder.asking().data
    asked = CertificateRequest(VERSION, NODE, request, token.public_key, token.proof(request))
    lost = decode_message(centre.desk.answer(encode_message(asked)), Certificate)
    enrol(centre.url, token, folder, NODE)
    held = folder.held()
    assert held is not None
    assert held.certificate == x509.load_der_x509_certificate(lost.chain[0])


def test_a_cut_between_taking_and_forgetting_leaves_one_identity(
    centre: Desk, folder: IdentityFolder
) -> None:
    token = centre.token()
    request = folder.asking().data
    asking = (folder.certificate_file.parent / "asking.pem").read_bytes()
    enrol(centre.url, token, folder, NODE)
    before = folder.certificate_file.read_bytes()
    (folder.certificate_file.parent / "asking.pem").write_bytes(asking)
    asked = CertificateRequest(VERSION, NODE, request, token.public_key, token.proof(request))
    answer = decode_message(centre.desk.answer(encode_message(asked)), Certificate)
    assert folder.take(answer.chain, token.authority) is False
    assert folder.certificate_file.read_bytes() == before
    assert files(folder) == {"node.pem", "ca.pem"}


def test_an_answer_of_another_authority_is_not_taken(
    centre: Desk, folder: IdentityFolder, tmp_path: Path
) -> None:
    """Someone on the way answers in the centre's place."""
    other = Desk(tmp_path / "other")
    try:
        token = centre.token()
        mine = other.token()
        with closing(Register(other.folder)) as register:
            register._run(
                "UPDATE tokens SET public_key = ? WHERE public_key = ?",
                *(token.public_key, mine.public_key),
            )
        with pytest.raises(IdentityError, match="another authority"):
            enrol(other.url, token, folder, NODE)
    finally:
        other.close()
    assert folder.held() is None
    enrol(centre.url, token, folder, NODE)


def test_a_certificate_for_another_key_or_name_is_not_taken(
    centre: Desk, folder: IdentityFolder, tmp_path: Path
) -> None:
    another = IdentityFolder(tmp_path / "another", NODE)
    token = centre.token()
    request = another.asking().data
    asked = CertificateRequest(VERSION, NODE, request, token.public_key, token.proof(request))
    answer = decode_message(centre.desk.answer(encode_message(asked)), Certificate)
    with pytest.raises(IdentityError, match="another key"):
        folder.take(answer.chain, token.authority)
    for spoiled in ((), (b"x",), (answer.chain[0], answer.chain[0]), answer.chain[::-1]):
        with pytest.raises(IdentityError):
            folder.take(spoiled, token.authority)
    assert folder.held() is None


def test_a_revoked_hub_comes_back_with_a_new_token_and_a_new_key(
    centre: Desk, folder: IdentityFolder
) -> None:
    token = centre.token()
    request = folder.asking().data
    asked = CertificateRequest(VERSION, NODE, request, token.public_key, token.proof(request))
    centre.desk.answer(encode_message(asked))
    centre.revoke()
    with pytest.raises(EnrolmentRefused) as refused:
        enrol(centre.url, token, folder, NODE, "en")
    assert refused.value.reason == "revoked"
    assert "new token" in str(refused.value)
    enrol(centre.url, centre.token(), folder, NODE)


def test_without_the_centre_the_token_stays_good(centre: Desk, folder: IdentityFolder) -> None:
    token = centre.token()
    for nobody in ("http://127.0.0.1:1", "nonsense", f"{centre.url}/elsewhere"):
        with pytest.raises(CentreUnreachable):
            enrol(nobody, token, folder, NODE)
    enrol(centre.url, token, folder, NODE)


def test_a_card_that_cannot_be_written_is_said_and_changes_nothing(
    centre: Desk, folder: IdentityFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(centre.url, centre.token(), folder, NODE)
    before = folder.certificate_file.read_bytes()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(IdentityError, match="No space left"):
            enrol(centre.url, centre.token(), folder, NODE)
    assert folder.certificate_file.read_bytes() == before


# --- the centre's page ------------------------------------------------------------------------


def test_strangers_bytes_are_refused_with_a_reason(centre: Desk) -> None:
    good = CertificateRequest(VERSION, NODE, b"x", bytes(32), b"x")
    for body, status, reason in (
        (b"", 400, "bad-request"),
        (os.urandom(100), 400, "bad-request"),
        (b"x" * 20_000, 413, "bad-request"),
        (encode_message(replace(good, version=9)), 403, "version"),
        (encode_message(good), 403, "bad-request"),
    ):
        found = httpx.post(f"{centre.url}{ENROL_PATH}", content=body, trust_env=False, timeout=30)
        assert (found.status_code, found.json()["reason"]) == (status, reason)
    assert httpx.get(f"{centre.url}{ENROL_PATH}", trust_env=False, timeout=30).status_code == 405


def test_one_address_may_not_try_without_end(centre: Desk) -> None:
    with httpx.Client(trust_env=False, timeout=30) as client:
        answers = [client.post(f"{centre.url}{ENROL_PATH}", content=b"") for _ in range(61)]
    assert [found.status_code for found in answers] == [400] * 60 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


# --- the keeper -------------------------------------------------------------------------------


def keeper(
    folder: IdentityFolder, clock: TestClock, centre: Desk, sent: list[bytes]
) -> IdentityKeeper:
    def publish(payload: bytes) -> bool:
        sent.append(payload)
        return True

    token_file = folder.certificate_file.parent.parent / "token"
    return IdentityKeeper(folder, NODE, clock, publish, centre=centre.url, token_file=token_file)


@pytest.mark.parametrize(
    ("synced", "age_days", "asks"), [(True, 44, 0), (True, 46, 1), (True, 91, 0), (False, 1, 1)]
)
def test_when_a_certificate_is_asked_for(
    synced: bool, age_days: int, asks: int, centre: Desk, folder: IdentityFolder
) -> None:
    enrol(centre.url, centre.token(), folder, NODE)
    clock = TestClock()
    clock.later(age_days * DAY_S)
    clock.synced = synced
    sent: list[bytes] = []
    running = keeper(folder, clock, centre, sent)
    running.start()
    if asks:
        until(lambda: len(sent) == asks)
    running.answered(b"nonsense")
    running.stop()
    assert len(sent) == asks


def test_a_renewal_is_signed_by_the_key_in_use_and_its_answer_is_taken(
    centre: Desk, folder: IdentityFolder
) -> None:
    enrol(centre.url, centre.token(), folder, NODE)
    first = folder.held()
    centre.clock.later(46 * DAY_S)
    sent: list[bytes] = []
    running = keeper(folder, centre.clock, centre, sent)
    running.start()
    until(lambda: len(sent) == 1)
    running.answered(b"nonsense")
    running.answered(centre.desk.answer(sent[0]))

    def renewed() -> bool:
        held = folder.held()
        return held is not None and first is not None and held.fingerprint != first.fingerprint

    until(renewed)
    running.stop()
    assert files(folder) == {"node.pem", "ca.pem"}


def test_a_hub_waits_for_its_token(centre: Desk, folder: IdentityFolder, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(centre.token().text + "\n")
    running = keeper(folder, TestClock(), centre, [])
    running.start()
    until(lambda: folder.held() is not None)
    running.stop()


# --- the command ------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    path = tmp_path / "hub.toml"
    path.write_text(TWO_COUNTERS, "utf-8")
    return path


def test_a_technician_enrols_a_hub_by_hand(
    centre: Desk, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text(centre.token().text)
    command = ["--config", str(config), "enrol", "--centre", centre.url, "--token-file", str(token)]
    assert main(command) == 0
    assert "has its certificate" in capsys.readouterr().out
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "The token has been used" in said
    assert token.read_text() not in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "give --centre"),
        (["--centre", "http://127.0.0.1:1", "--token-file", "missing"], "holds no token"),
        (["--centre", "http://127.0.0.1:1", "--token-file", "token"], "still good"),
    ],
)
def test_what_is_missing_is_said(
    more: list[str],
    words: str,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(config.parent)
    (config.parent / "token").write_text(EnrolmentToken.new(bytes(32)).text)
    assert main(["--config", str(config), "enrol", *more]) == 1
    assert words in capsys.readouterr().err
