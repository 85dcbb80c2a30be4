"""The whole centre against a real broker, stopped and killed in the middle."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from central.__main__ import main
from central.broker import CENTRE, EmbeddedBroker
from central.recovery.refused import keep_refused
from central.service import Centre, issue_token, rebuild
from central.store.database import database_of
from central.store.sqlite import reading
from contract.codec import decode_message
from contract.topics import down
from contract.wire import Ack
from runtime.folder_lock import FolderInUseError
from runtime.mqtt import MqttLink
from tests.central.busy_day import Morning, morning
from tests.central.journal import DAY, NODE, OTHER_NODE, Journal
from tests.waiting import until

NODES = (NODE, OTHER_NODE)


class Hub:
    """A hub that sends batches as it is told and notes the answers."""

    def __init__(self, broker: EmbeddedBroker, journal: Journal) -> None:
        self.journal = journal
        self.answers: list[int] = []
        self.link = MqttLink(
            broker.settings(journal.node),
            persistent=True,
            subscriptions=(down(journal.node, "ack"),),
            on_message=lambda _topic, payload: self.answers.append(
                decode_message(payload, Ack).committed
            ),
            on_state=lambda _connected: None,
        )

    def send(self, first: int, last: int) -> None:
        """Publish one batch."""
        until(lambda: self.link.publish(self.journal.events_topic, self.journal.batch(first, last)))

    def send_until_committed(self, first: int, last: int, size: int = 10) -> None:
        """Publish batches, again and again, until the centre has them all."""

        def done() -> bool:
            return bool(self.answers) and max(self.answers) >= last

        while not done():
            for start in range(first, last + 1, size):
                self.send(start, min(start + size - 1, last))
            try:
                until(done, within_s=2)
            except AssertionError:
                continue


@contextmanager
def hub(broker: EmbeddedBroker, journal: Journal) -> Iterator[Hub]:
    made = Hub(broker, journal)
    made.link.start()
    yield made
    made.link.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker", NODES) as running:
        yield running


@contextmanager
def centre(folder: Path, broker: EmbeddedBroker) -> Iterator[Centre]:
    running = Centre(folder, broker.settings(CENTRE))
    running.start()
    try:
        yield running
    finally:
        running.stop()


def figures(url: str, token: str, site: str) -> dict[str, int]:
    found = httpx.get(
        f"{url}/api/v1/sites/{site}/days/{DAY}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    return dict(found.json()["site"]["figures"]) if found.status_code == 200 else {}


def stored(folder: Path, node: str) -> list[bytes]:
    with reading(database_of(folder)) as conn:
        rows = conn.execute(
            """SELECT entry FROM events JOIN journals USING (journal) JOIN nodes USING (node)
            WHERE nodes.code = ? ORDER BY seq""",
            (node,),
        )
        return [row[0] for row in rows]


def cell_sums(folder: Path) -> list[tuple[object, ...]]:
    with reading(database_of(folder)) as conn:
        return conn.execute(
            "SELECT site, day, issued, called, finished, wait_ms, length(wait_bins) FROM site_days"
        ).fetchall()


def agrees(made: Morning, found: dict[str, int]) -> bool:
    return (found.get("issued"), found.get("finished")) == (made.issued, made.finished)


def test_two_restarts_of_the_centre_lose_nothing_and_count_nothing_twice(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    folder = tmp_path / "centre"
    token = issue_token(folder, "test", "national")
    one, two = morning(NODE, seed=1), morning(OTHER_NODE, seed=2)
    half, rows = 100, len(one.journal.rows)
    with hub(broker, one.journal) as first, hub(broker, two.journal) as second:
        with centre(folder, broker):
            first.send_until_committed(1, half)
        first.send(half + 1, half + 40)
        second.send(1, 50)
        with centre(folder, broker) as again:
            first.send_until_committed(half - 20, rows)
            second.send_until_committed(1, len(two.journal.rows))
            until(lambda: agrees(one, figures(again.url, token, NODE[:11])))
            until(lambda: agrees(two, figures(again.url, token, OTHER_NODE[:11])))
    assert stored(folder, NODE) == one.journal.rows
    assert stored(folder, OTHER_NODE) == two.journal.rows
    sums = cell_sums(folder)
    assert rebuild(folder) == rows + len(two.journal.rows)
    assert cell_sums(folder) == sums


def test_a_folder_has_one_centre(tmp_path: Path, broker: EmbeddedBroker) -> None:
    folder = tmp_path / "centre"
    with centre(folder, broker):
        with pytest.raises(FolderInUseError):
            Centre(folder, broker.settings(CENTRE))
        with pytest.raises(FolderInUseError):
            rebuild(folder)
    with centre(folder, broker) as again:
        until(lambda: httpx.get(f"{again.url}/api/v1/health", timeout=30).status_code == 200)


def test_files_that_could_not_be_taken_in_are_counted_in_its_health(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    with centre(tmp_path / "centre", broker) as running:
        until(lambda: httpx.get(f"{running.url}/api/v1/health", timeout=30).status_code == 200)
        file = tmp_path / "centre/imports/01-00097-01-h1-118e4d0a87c3c5db-1-2.thutu"
        file.parent.mkdir()
        file.write_bytes(b"rows")
        keep_refused(file, "OverflowError: too large")
        health = httpx.get(f"{running.url}/api/v1/health", timeout=30)
        assert (health.status_code, health.json()["refused_files"]) == (200, 1)


def test_a_centre_without_its_broker_says_so(tmp_path: Path, broker: EmbeddedBroker) -> None:
    with centre(tmp_path / "centre", broker) as running:
        until(lambda: httpx.get(f"{running.url}/api/v1/health", timeout=30).status_code == 200)
        broker.stop()
        until(lambda: httpx.get(f"{running.url}/api/v1/health", timeout=30).status_code == 503)


@pytest.fixture
def config(tmp_path: Path, broker: EmbeddedBroker) -> Path:
    mqtt = broker.settings(CENTRE)
    file = tmp_path / "central.toml"
    file.write_text(
        f"""
        [store]
        folder = "{tmp_path / "centre"}"
        [http]
        port = 0
        [mqtt]
        host = "{mqtt.host}"
        port = {mqtt.port}
        client_id = "{mqtt.client_id}"
        username = "{mqtt.username}"
        password = "{mqtt.password}"
        protocol = "3.1.1"
        """
    )
    return file


def test_kill_9_in_the_middle_loses_nothing(
    tmp_path: Path, broker: EmbeddedBroker, config: Path
) -> None:
    folder = tmp_path / "centre"
    token = issue_token(folder, "test", "national")
    made = morning(NODE)
    rows = len(made.journal.rows)
    with hub(broker, made.journal) as sender:
        for until_row in (40, 120):
            with serving(config) as process:
                sender.send_until_committed(1, until_row, size=5)
                sender.send(until_row + 1, until_row + 30)
                process.kill()
        with serving(config) as process:
            sender.send_until_committed(1, rows, size=25)
            url = url_of(process)
            until(lambda: agrees(made, figures(url, token, NODE[:11])))
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert stored(folder, NODE) == made.journal.rows
    sums = cell_sums(folder)
    assert run(config, "rebuild").stdout == f"{rows} events folded again.\n"
    assert cell_sums(folder) == sums


@contextmanager
def serving(config: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "central", "--config", str(config), "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def url_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def run(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "central", "--config", str(config), *arguments],
        env={**os.environ, "LC_ALL": "en_GB.UTF-8", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


class Said(NamedTuple):
    """What a command answered, as a process of its own would."""

    returncode: int
    stdout: str
    stderr: str


class Operator:
    """Somebody at the centre's machine, who speaks English; no broker is needed there."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self._config = folder / "central.toml"
        self._config.write_text('[store]\nfolder = "centre"\n[embedded_broker]\n', "utf-8")
        monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    def does(self, *arguments: str, given: str = "") -> Said:
        """Give a command, in this process: to start one takes seconds on a busy machine."""
        command = ["thutu-central", "--config", str(self._config), *arguments]
        self._monkeypatch.setattr("sys.argv", command)
        self._monkeypatch.setattr("sys.stdin", io.StringIO(given))
        try:
            main()
        except SystemExit as left:
            return Said(1, self._capsys.readouterr().out, f"{left.code}\n")
        said = self._capsys.readouterr()
        return Said(0, said.out, said.err)


@pytest.fixture
def operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    return Operator(tmp_path, monkeypatch, capsys)


def test_commands_speak_clearly(tmp_path: Path, operator: Operator) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("site,name,type,national_code\n01-00097-01,Hồng Hà,centre,\n", "utf-8")
    dry = operator.does("import-sites", str(sites), "--dry-run")
    assert dry.stdout == "1 new, 0 changed, 0 unchanged (nothing was stored).\n"
    assert operator.does("import-sites", str(sites)).stdout == "1 new, 0 changed, 0 unchanged.\n"
    assert operator.does("import-sites", str(sites)).stdout == "0 new, 0 changed, 1 unchanged.\n"
    made = operator.does("token", "--role", "province", "--province", "01", "--name", "Bình")
    assert re.fullmatch(r"[\w-]{43}\n", made.stdout)
    again = operator.does("token", "--role", "province", "--province", "01", "--name", "Bình")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("thutu-central: There is an account named “Bình” already.")
    assert operator.does("revoke", "--name", "Bình").returncode == 0
    wanted = ("account", "--name", "An", "--role", "unit", "--unit", "01-00097")
    short = operator.does(*wanted, given="ngắn\n")
    assert short.stderr == (
        "thutu-central: A password has 12 to 200 characters. Nothing was changed.\n"
    )
    assert operator.does(*wanted, given="hàng chờ buổi sáng\n").returncode == 0
    assert operator.does("accounts").stdout == "An: unit, 01-00097\n"
    assert operator.does("password", "--name", "An", given="một mật khẩu khác\n").returncode == 0
    assert operator.does("audit").stdout == "The audit log is whole: 6 lines.\n"
    sites.write_text("site,name,type,national_code\nx,Hồng Hà,centre,\n", "utf-8")
    wrong = operator.does("import-sites", str(sites))
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "thutu-central: The list has faults, so nothing was stored:\n"
        "line 2: 'x' is no site such as 01-00097-01\n",
    )


def test_commands_speak_vietnamese_first(
    tmp_path: Path, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    sites = tmp_path / "sites.csv"
    sites.write_text("site,name,type,national_code\n99-1,Hồng Hà,centre,\n", "utf-8")
    wrong = operator.does("import-sites", str(sites))
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "thutu-central: Danh sách có chỗ sai, nên chưa ghi gì:\n"
        "dòng 2: '99-1' không phải mã điểm như 01-00097-01\n",
    )
    an = ("account", "--name", "An", "--role", "national")
    assert operator.does(*an, given="hàng chờ buổi sáng\n").stdout == "Đã tạo tài khoản “An”.\n"
    assert operator.does("accounts").stdout == "An: national, cả nước\n"
    again = operator.does(*an, given="hàng chờ buổi sáng\n").stderr
    assert again.startswith("thutu-central: Đã có tài khoản “An”. Chưa có gì thay đổi.")
    unread = operator.does("import", str(tmp_path / "none.thutu"))
    assert unread.returncode == 1
    assert unread.stderr.startswith("thutu-central: Chưa làm được: ")
    assert "none.thutu" in unread.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing required field `store`"),
        ('[store]\nfolder = "x"', "give either [mqtt] or [embedded_broker]"),
        ('[store]\nfolder = "x"\ncolour = 1', "unknown field `colour`"),
        ('[store]\nfolder = "x"\n[embedded_broker]\nnodes = ["x"]', "embedded_broker.nodes"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "central.toml"
    file.write_text(text)
    failed = run(file, "rebuild")
    assert failed.returncode == 1
    assert words in failed.stderr
    assert "Traceback" not in failed.stderr


def test_serving_with_a_broker_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(
        f"""
        [store]
        folder = "{tmp_path / "centre"}"
        [http]
        port = 0
        [embedded_broker]
        port = 0
        nodes = ["{NODE}"]
        """
    )
    with serving(file) as process:
        url = url_of(process)
        until(healthy(url))
        pid = int((tmp_path / "centre" / "broker" / "nats.pid").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def healthy(url: str) -> Callable[[], bool]:
    return lambda: httpx.get(f"{url}/api/v1/health", timeout=30).status_code == 200
