import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runtime.http_probe import answers
from runtime.service_manager import ServiceManager, Watchdog
from tests.service_manager import Systemd
from tests.waiting import until


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with Systemd(tmp_path) as listening:
        yield listening


def test_ready_waits_until_every_loop_has_turned_and_every_check_passes(systemd: Systemd) -> None:
    watchdog = Watchdog(ServiceManager(systemd.environment(watch_s=0.04)))
    first, second = watchdog.loop(), watchdog.loop()
    passes = threading.Event()
    watchdog.check(passes.is_set)
    watchdog.start()
    first()
    passes.set()
    assert systemd.said_within(0.3) == []
    second()
    until(lambda: systemd.heard("READY=1"))
    watchdog.stop()


def test_signs_of_life_go_on_while_all_loops_turn_and_end_when_one_hangs(systemd: Systemd) -> None:
    watchdog = Watchdog(ServiceManager(systemd.environment(watch_s=0.04)))
    first, second = watchdog.loop(), watchdog.loop()
    first(), second()
    watchdog.start()
    until(lambda: systemd.heard("READY=1"))
    for _ in range(3):
        first(), second()
        until(lambda: systemd.heard("WATCHDOG=1"))
    systemd.said_within(0.1)
    first()
    assert systemd.said_within(0.2) == []
    second()
    until(lambda: systemd.heard("WATCHDOG=1"))
    watchdog.stop()


def test_a_check_that_fails_ends_the_signs_of_life(
    systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    watchdog = Watchdog(ServiceManager(systemd.environment(watch_s=0.04)))
    passes = threading.Event()
    passes.set()
    watchdog.check(passes.is_set)
    watchdog.start()
    until(lambda: systemd.heard("READY=1"))
    until(lambda: systemd.heard("WATCHDOG=1"))
    passes.clear()
    until(lambda: "no sign of life" in caplog.text)
    systemd.said_within(0.1)
    assert systemd.said_within(0.2) == []
    assert caplog.text.count("no sign of life") == 1
    watchdog.stop()
    assert systemd.heard("STOPPING=1")


def test_without_a_watchdog_ready_is_all_that_is_said(systemd: Systemd) -> None:
    watchdog = Watchdog(ServiceManager(systemd.environment()))
    watchdog.start()
    until(lambda: systemd.heard("READY=1"))
    assert systemd.said_within(0.2) == []
    watchdog.stop()


def test_a_watchdog_meant_for_another_process_is_not_ours(systemd: Systemd) -> None:
    environment = systemd.environment(watch_s=1) | {"WATCHDOG_PID": str(os.getpid() + 1)}
    assert ServiceManager(environment).watch_s is None
    assert ServiceManager(systemd.environment(watch_s=1)).watch_s == 1


def test_nobody_listens_on_a_developers_machine() -> None:
    watchdog = Watchdog(ServiceManager({}))
    watchdog.check(lambda: pytest.fail("nobody asked"))
    watchdog.start()
    watchdog.stop()


def test_an_abstract_address_is_understood() -> None:
    name = f"thutu-{Path(tempfile.mktemp()).name}"  # noqa: S306 - a name, not a file
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name}")
        line.settimeout(5)
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert line.recv(100) == b"READY=1"


def test_a_service_manager_that_is_gone_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "none")}).alive()
    assert "did not take WATCHDOG=1" in caplog.text


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it
        pass


def test_any_answer_is_an_answer_and_a_closed_port_is_none() -> None:
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        assert answers(f"http://127.0.0.1:{server.server_port}/health")
        server.shutdown()
        thread.join()
    assert not answers(f"http://127.0.0.1:{server.server_port}")
