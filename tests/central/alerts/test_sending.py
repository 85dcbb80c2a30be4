"""E-mail, webhook and Zalo against servers on real sockets."""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import pytest

from central.alerts.mail import Mail
from central.alerts.message import Message, compose
from central.alerts.sending import SendError
from central.alerts.settings import MailServer, Webhook, Zalo
from central.alerts.webhook import SignedPost
from central.alerts.zalo import ZaloAccount
from central.store.alerts import AlertRow, NewsRow
from runtime.settings import SettingsError
from tests.central.alerts.sinks import Mailbox, Web, mail_server, web_server
from tests.certificates import Authority

MESSAGE = Message("hanoi.7-9", 1_795_134_600_000, "[Thứ Tự] 2 cảnh báo mới", "• Hết giấy in\n", ())
SECRET = "a secret of more than 24 characters"


def file_of(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"{text}\n", "utf-8")
    return path


# --- e-mail -----------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_goes_over_tls_only_and_reads_as_it_was_written(
    authority: Authority, tmp_path: Path, security: str
) -> None:
    with mail_server(authority.sign("mail"), implicit=security == "tls") as box:
        server = MailServer(
            host="127.0.0.1",
            port=box.port,
            security="tls" if security == "tls" else "starttls",
            sender="thutu@centre.example",
            user="thutu",
            password_file=file_of(tmp_path, "password", SECRET),
            ca_file=authority.certificate,
        )
        Mail(server, "admin@hanoi.example").send(MESSAGE)
    (letter,) = box.letters
    assert letter["subject"] == MESSAGE.subject
    assert letter["to"] == "admin@hanoi.example"
    assert letter["message-id"] == "<hanoi.7-9@centre.example>"
    assert letter["auto-submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert base64.b64decode(box.logins[0]) == b"\0thutu\0" + SECRET.encode()
    assert [line.split()[0].lower() for line in box.plain] in ([], [b"ehlo", b"starttls"])


def mail_to(box: Mailbox, authority: Authority) -> Mail:
    server = MailServer(
        host="127.0.0.1",
        port=box.port,
        sender="thutu@centre.example",
        ca_file=authority.certificate,
    )
    return Mail(server, "admin@hanoi.example")


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("stage", "taken"),
    [("handshake", 0), ("banner", 0), ("EHLO", 0), ("MAIL", 0), ("DATA", 0), ("QUIT", 1)],
)
def test_a_mail_server_that_drips_holds_nobody_up_for_long(
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    security: Literal["tls", "starttls"],
    stage: str,
    taken: int,
) -> None:
    monkeypatch.setattr("central.alerts.mail._WHOLE_S", 0.4)
    began = time.monotonic()
    with mail_server(authority.sign("mail"), implicit=security == "tls") as box:
        box.drips_at = stage
        server = MailServer(
            host="127.0.0.1",
            port=box.port,
            security=security,
            sender="thutu@centre.example",
            ca_file=authority.certificate,
        )
        with nullcontext() if taken else pytest.raises(SendError):
            Mail(server, "admin@hanoi.example").send(MESSAGE)
        assert len(box.letters) == taken, "what was taken is not sent again"
    assert time.monotonic() - began < 5
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_a_server_without_tls_or_of_a_stranger_is_told_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger", "stranger")
    with mail_server(stranger.sign("mail")) as box, pytest.raises(SendError):
        mail_to(box, authority).send(MESSAGE)
    with mail_server(authority.sign("mail")) as plain:
        plain.offer_tls = False
        with pytest.raises(SendError):
            mail_to(plain, authority).send(MESSAGE)
    assert box.letters == plain.letters == []
    assert not any(b"hanoi" in line for line in plain.plain)


def test_a_refusal_and_a_server_that_is_gone_are_said(authority: Authority) -> None:
    with mail_server(authority.sign("mail")) as box:
        box.refuse = True
        with pytest.raises(SendError, match="answered 451"):
            mail_to(box, authority).send(MESSAGE)
    with pytest.raises(SendError, match="ConnectionRefused"):
        mail_to(box, authority).send(MESSAGE)


def test_a_secret_in_letters_that_no_header_takes_is_a_refusal_that_does_not_tell_it(
    authority: Authority, web: Web, tmp_path: Path
) -> None:
    secret = file_of(tmp_path, "vietnamese", "mật khẩu của chúng tôi, rất dài")
    with mail_server(authority.sign("mail")) as box:
        server = MailServer(
            host="127.0.0.1",
            port=box.port,
            sender="thutu@centre.example",
            user="thutu",
            password_file=secret,
            ca_file=authority.certificate,
        )
        with pytest.raises(SendError, match=r"^127\.0\.0\.1: UnicodeEncodeError$"):
            Mail(server, "admin@hanoi.example").send(MESSAGE)
    zalo = Zalo("4711", "8001", secret, secret, f"{web.url}/message", f"{web.url}/token")
    with pytest.raises(SendError, match=r"^127\.0\.0\.1: UnicodeEncodeError$"):
        ZaloAccount(zalo, tmp_path / "kept").send(MESSAGE)
    assert not web.posts


def test_secrets_that_cannot_be_read_are_refused_at_the_start(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    server = MailServer(host="h", sender="a@b", user="u", password_file=absent)
    with pytest.raises(SettingsError, match="cannot be read"):
        Mail(server, "c@d")
    with pytest.raises(SettingsError, match="authority"):
        Mail(MailServer(host="h", sender="a@b", ca_file=absent), "c@d")
    short = file_of(tmp_path, "short", "x" * 23)
    with pytest.raises(SettingsError, match="fewer than 24"):
        SignedPost(Webhook("https://elsewhere.example", short))


# --- webhook ----------------------------------------------------------------------------------


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def test_a_receiver_can_prove_who_posted_what_and_when(web: Web, tmp_path: Path) -> None:
    hook = SignedPost(Webhook(f"{web.url}/hook", file_of(tmp_path, "secret", SECRET)))
    hook.send(MESSAGE)
    (posted,) = web.posts
    signed = f"hanoi.7-9.1795134600.{posted.body.decode()}".encode()
    mac = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert posted.headers["webhook-signature"] == f"v1,{mac}"
    assert posted.headers["webhook-id"] == "hanoi.7-9"
    assert posted.headers["webhook-timestamp"] == "1795134600"
    assert posted.json["subject"] == MESSAGE.subject
    assert SECRET not in str(posted)


@pytest.mark.parametrize("status", [302, 400, 500])
def test_anything_but_success_is_a_refusal(web: Web, tmp_path: Path, status: int) -> None:
    web.status = status
    hook = SignedPost(Webhook(f"{web.url}/hook", file_of(tmp_path, "secret", SECRET)))
    with pytest.raises(SendError, match=f"answered {status}"):
        hook.send(MESSAGE)
    assert len(web.posts) == 1


@pytest.mark.timeout(30)
def test_a_server_that_drips_or_never_ends_holds_nobody_up(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = SignedPost(Webhook(f"{web.url}/hook", file_of(tmp_path, "secret", SECRET)))
    web.answers = [{"words": "x" * 70_000}]
    with pytest.raises(SendError, match="more than 65536 bytes"):
        hook.send(MESSAGE)
    monkeypatch.setattr("central.alerts.sending.PATIENCE_S", 2.0)
    web.drips, web.pause_s = 100, 0.1
    with pytest.raises(SendError, match="TimeoutError"):
        hook.send(MESSAGE)
    assert len(web.posts) == 2


# --- any letters ------------------------------------------------------------------------------


def test_a_receiver_may_be_called_what_its_owner_writes(
    web: Web, authority: Authority, tmp_path: Path
) -> None:
    alert = AlertRow(
        1, "paper_out", "01-00097-01", None, "h1/printer", "open", 0, 0, None, None, {}
    )
    message = compose("Sở Nội vụ Hà Nội", [NewsRow(7, "opened", 0, alert)], "vi", 1_795_134_600_000)
    SignedPost(Webhook(f"{web.url}/hook", file_of(tmp_path, "secret", SECRET))).send(message)
    with mail_server(authority.sign("mail")) as box:
        mail_to(box, authority).send(message)
    (letter,) = box.letters
    assert letter["message-id"] == f"<{web.posts[0].headers['webhook-id']}@centre.example>"
    assert message.id.endswith(".7-7")
    other = compose("Sở Nội vụ Huế", [NewsRow(7, "opened", 0, alert)], "vi", 1_795_134_600_000)
    assert other.id != message.id


# --- Zalo -------------------------------------------------------------------------------------


def account(web: Web, folder: Path, granted: str = "refresh-0") -> ZaloAccount:
    zalo = Zalo(
        app_id="4711",
        user_id="8001",
        secret_file=file_of(folder, "zalo-secret", SECRET),
        refresh_token_file=file_of(folder, "zalo-granted", granted),
        message_url=f"{web.url}/message",
        token_url=f"{web.url}/token",
    )
    return ZaloAccount(zalo, folder / "kept")


def tokens(n: int) -> dict[str, str]:
    return {"access_token": f"access-{n}", "refresh_token": f"refresh-{n}", "expires_in": "90000"}


def test_zalo_gets_a_token_once_and_then_messages(web: Web, tmp_path: Path) -> None:
    web.answers = [tokens(1), {"error": 0}, {"error": 0}]
    zalo = account(web, tmp_path)
    zalo.send(MESSAGE)
    zalo.send(MESSAGE)
    token, first, second = web.posts
    assert (token.path, token.headers["secret_key"]) == ("/token", SECRET)
    assert token.body == b"app_id=4711&grant_type=refresh_token&refresh_token=refresh-0"
    assert first.headers["access_token"] == second.headers["access_token"] == "access-1"
    assert first.json == {"recipient": {"user_id": "8001"}, "message": {"text": MESSAGE.text}}


def test_a_refresh_token_serves_once_and_the_next_outlives_a_restart(
    web: Web, tmp_path: Path
) -> None:
    web.answers = [tokens(1), {"error": 0}, {"error": -216}, tokens(2), {"error": 0}]
    zalo = account(web, tmp_path)
    zalo.send(MESSAGE)
    zalo.send(MESSAGE)
    assert b"refresh-1" in web.posts[3].body
    web.answers = [tokens(3), {"error": 0}]
    account(web, tmp_path).send(MESSAGE)
    assert b"refresh-2" in web.posts[5].body
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    web.answers = [tokens(4), {"error": 0}]
    account(web, tmp_path, granted="granted-anew").send(MESSAGE)
    assert b"granted-anew" in web.posts[7].body


def test_zalo_says_no_with_status_200(web: Web, tmp_path: Path) -> None:
    web.answers = [tokens(1), {"error": -213}]
    with pytest.raises(SendError, match="-213"):
        account(web, tmp_path).send(MESSAGE)
    web.answers = [{"error": -118, "error_name": "invalid"}]
    with pytest.raises(SendError, match="grant the account"):
        account(web, tmp_path, granted="other").send(MESSAGE)
