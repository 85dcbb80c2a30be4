import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from contract.commands import Actor, Answer, CallNext, SignIn
from contract.refusals import Reason, Refused
from contract.snapshot import Snapshot
from runtime.hub_client import (
    ATTEMPTS,
    HubClient,
    HubDenied,
    HubRejected,
    HubUnreachable,
    Refusal,
    SignInRefused,
    Silence,
    StaffSession,
)
from runtime.server_events import event_data
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.scenes import ANSWER, snapshot
from tests.edge.running_site import RunningSite, TestClock
from tests.waiting import until

COMMAND_ID = UUID("0f3f6e0c-6f0e-4d0f-9c7a-5d2f8f6a1b11")


@pytest.fixture
def hub() -> Iterator[ListeningHub]:
    hub = ListeningHub()
    yield hub
    hub.close()


@pytest.fixture
def client(hub: ListeningHub) -> Iterator[HubClient]:
    client = HubClient(hub.url, TOKEN, silent_after_s=0.1)
    yield client
    client.close()


def test_a_command_is_answered(hub: ListeningHub, client: HubClient) -> None:
    assert client.command(CallNext("3"), COMMAND_ID) == ANSWER
    assert hub.carried_out == {str(COMMAND_ID): CallNext("3")}


def test_lost_answers_are_asked_for_again_with_the_same_id(
    hub: ListeningHub, client: HubClient
) -> None:
    hub.lose_answers = 2
    assert client.command(CallNext("3")) == ANSWER
    assert len(hub.requests) == 3
    assert len(hub.carried_out) == 1


def test_attempts_are_bounded_and_the_words_are_the_callers(hub: ListeningHub) -> None:
    client = HubClient(hub.url, TOKEN, "en")
    hub.lose_answers = 1000
    with pytest.raises(HubUnreachable, match="All issued numbers are safe"):
        client.command(CallNext("3"))
    assert len(hub.requests) == ATTEMPTS
    client.close()


def test_a_refusal_carries_its_reason_and_the_hubs_words(
    hub: ListeningHub, client: HubClient
) -> None:
    hub.problem = (
        409,
        {"title": "Refused", "status": 409, "detail": "Không còn ai.", "reason": "nobody-waiting"},
    )
    reply = client.command(CallNext("3"))
    assert isinstance(reply, Refused)
    assert reply.reason is Reason.NOBODY_WAITING
    assert reply.words == "Không còn ai."


def test_a_full_disk_is_a_refusal_and_is_not_asked_again(
    hub: ListeningHub, client: HubClient
) -> None:
    hub.problem = (503, {"status": 503, "detail": "Không ghi được.", "reason": "not-stored"})
    reply = client.command(CallNext("3"))
    assert isinstance(reply, Refused)
    assert reply.reason is Reason.NOT_STORED
    assert len(hub.requests) == 1


def test_a_role_that_may_not_is_refused_and_not_thrown_out(
    hub: ListeningHub, client: HubClient
) -> None:
    hub.problem = (403, {"status": 403, "detail": "Không được.", "reason": "not-allowed"})
    assert client.command(CallNext("3")) == Refusal(Reason.NOT_ALLOWED, words="Không được.")


@pytest.mark.parametrize(
    ("problem", "error", "words"),
    [
        ((403, {"detail": "Hết hạn.", "reason": "expired-token"}), HubDenied, r" này\. Hết hạn\.$"),
        ((403, {}), HubDenied, r" này\. Chưa có gì thay đổi\. "),
        ((409, {"detail": "mới", "reason": "of-a-newer-hub"}), HubRejected, "^mới$"),
        ((422, {"detail": "$.number"}), HubRejected, r"\$\.number"),
        ((500, {}), HubUnreachable, "HTTP 500"),
    ],
)
def test_other_statuses_are_errors_with_words(
    hub: ListeningHub,
    client: HubClient,
    problem: tuple[int, dict[str, str]],
    error: type[Exception],
    words: str,
) -> None:
    hub.problem = problem
    with pytest.raises(error, match=words):
        client.command(CallNext("3"))


def test_an_unknown_token_is_denied_everywhere(hub: ListeningHub) -> None:
    client = HubClient(hub.url, "another")
    for ask in (lambda: client.command(CallNext("3")), client.snapshot):
        with pytest.raises(HubDenied):
            ask()
    with pytest.raises(HubDenied):
        next(client.stream())
    assert hub.carried_out == {}
    client.close()


def test_the_catalogue_names_services(client: HubClient) -> None:
    assert [service.name["vi"] for service in client.catalogue().services] == [
        "Hộ tịch – Chứng thực"
    ]


def test_a_snapshot_is_read_whole_and_a_garbled_one_is_no_snapshot(
    hub: ListeningHub, client: HubClient
) -> None:
    assert client.snapshot(training=True) == hub.snapshot
    assert hub.requests == ["/api/snapshot?training=true"]
    hub.garble = True
    with pytest.raises(HubUnreachable, match=r"\$\.seq"):
        client.snapshot()


def test_the_stream_gives_the_picture_now_and_at_every_change(
    hub: ListeningHub, client: HubClient
) -> None:
    stream = client.stream()
    assert next(stream) == snapshot(seq=1)
    hub.publish(snapshot(seq=2))
    assert next(stream) == snapshot(seq=2)


def test_a_short_loss_is_mended_without_a_word(hub: ListeningHub) -> None:
    client = HubClient(hub.url, TOKEN, silent_after_s=60)
    stream = client.stream()
    next(stream)
    hub.drop_streams()
    assert next(stream) == snapshot(seq=1)
    client.close()


def test_a_lost_hub_is_told_once_and_its_return_is_the_next_picture() -> None:
    hub = ListeningHub()
    client = HubClient(hub.url, TOKEN, silent_after_s=0.1)
    heard: list[Snapshot | Silence] = []
    reader = threading.Thread(target=lambda: heard.extend(client.stream()))
    reader.start()
    until(lambda: len(heard) == 1)
    hub.close()
    until(lambda: len(heard) == 2)
    again = ListeningHub(("127.0.0.1", hub.port))
    again.publish(snapshot(seq=9))
    until(lambda: snapshot(seq=9) in heard)
    client.close()
    reader.join(5)
    assert not reader.is_alive()
    again.close()
    assert isinstance(heard[1], Silence)
    assert not any(isinstance(item, Silence) for item in heard[2:])


def test_close_ends_a_stream_that_waits(hub: ListeningHub, client: HubClient) -> None:
    heard: list[object] = []
    reader = threading.Thread(target=lambda: heard.extend(client.stream()))
    reader.start()
    until(lambda: bool(heard))
    started = time.monotonic()
    client.close()
    reader.join(5)
    assert not reader.is_alive()
    assert time.monotonic() - started < 2
    assert heard == [hub.snapshot]


def test_a_closed_client_reaches_nobody(hub: ListeningHub, client: HubClient) -> None:
    client.close()
    with pytest.raises(HubUnreachable):
        client.command(CallNext("3"))
    assert list(client.stream()) == []
    assert hub.requests == []


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_read_however_the_line_cuts_them(size: int) -> None:
    text = (
        ": keep-alive\n\nevent: snapshot\nid: 3\ndata: {1}\n\n"
        "event: other\ndata: no\n\nevent: snapshot\r\ndata:{ỉ}\r\n\r\nevent: snapshot\ndata: cut"
    ).encode()
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    assert list(event_data(chunks)) == [b"{1}", "{ỉ}".encode()]


def test_staff_sign_in_with_a_pin_work_and_sign_out(tmp_path: Path) -> None:
    site = RunningSite(tmp_path, TestClock())
    site.access.set_pin("nv01", "clerk", "482915")
    door = HubClient(site.url, language="en")
    assert door.sign_in("nv01", "999111") == SignInRefused("Wrong name or PIN. Please try again.")
    session = door.sign_in("nv01", "482915")
    assert isinstance(session, StaffSession)
    assert (session.staff, session.role) == ("nv01", "clerk")
    client = HubClient(site.url, session.token)
    assert isinstance(client.command(SignIn("1")), Answer)
    client.sign_out()
    with pytest.raises(HubDenied):
        client.command(CallNext("1"))
    client.close()
    door.close()
    site.close()


def test_a_lock_after_wrong_pins_is_told_in_words(tmp_path: Path) -> None:
    site = RunningSite(tmp_path, TestClock())
    door = HubClient(site.url)
    for _ in range(5):
        door.sign_in("nv01", "999111")
    refused = door.sign_in("nv01", "999111")
    assert isinstance(refused, SignInRefused)
    assert refused.words.startswith("Nhập sai mã PIN nhiều lần.")
    door.close()
    site.close()


def test_the_training_stream_shows_the_training_queue(tmp_path: Path) -> None:
    site = RunningSite(tmp_path, TestClock())
    client = HubClient(site.url, site.access.add_device(Actor("boards", "display")))
    picture = next(client.stream(training=True))
    assert isinstance(picture, Snapshot)
    assert picture.training
    client.close()
    site.close()


def test_fewer_attempts_give_up_sooner(hub: ListeningHub) -> None:
    client = HubClient(hub.url, TOKEN, attempts=2)
    hub.lose_answers = 1000
    with pytest.raises(HubUnreachable):
        client.command(CallNext("3"))
    assert len(hub.requests) == 2
    client.close()


def test_a_stream_asks_the_kernel_to_notice_a_cut_line(client: HubClient) -> None:
    pictures = client.stream()
    next(pictures)
    line = client._stream_socket
    assert line is not None
    assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle_s = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
    probes = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
    every_s = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
    assert idle_s + probes * every_s <= 5
