"""Wheelhouses of small real wheels, and a machine that runs what is installed from them."""

import base64
import contextlib
import ensurepip
import hashlib
import platform
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.stamp import Stamp
from contract.wire import (
    JOURNAL_READS,
    JOURNAL_WRITES,
    VERSION,
    Release,
    ReleaseFile,
    Update,
    release_file,
)
from edge.release_check import check_on_copy
from edge.store.journal import StoreError
from provision.update.decide import House
from provision.update.machine import HubView, MachineError
from provision.update.notebook import Notebook
from provision.update.releases import CURRENT, PROVEN, Releases
from provision.update.updater import Trusted, Updater
from runtime.sealed import seal

NODE = "01-00097-01-h1"
TARGET = f"cp{sys.version_info.major}{sys.version_info.minor}-{platform.machine()}"
PUBLISHER = Ed25519PrivateKey.generate()
CENTRE = Ed25519PrivateKey.generate()
TRUSTED = Trusted(
    NODE,
    CENTRE.public_key().public_bytes_raw(),
    frozenset({PUBLISHER.public_key().public_bytes_raw()}),
    TARGET,
)
PIP = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
HUB = "import sys\ndef main():\n    print({version!r})\n    sys.exit({status})\n"


def wheel(
    folder: Path, version: str, *, status: int = 0, needs: str = "", ballast: int = 0
) -> Path:
    """A wheel of `sample-hub`, whose program says its version, with some bytes of ballast."""
    info = f"sample_hub-{version}.dist-info"
    files = {
        "sample_hub.py": HUB.format(version=version, status=status),
        "sample_files/ballast.txt": "-" * ballast,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: sample-hub\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nsample-hub = sample_hub:main\n",
    }
    record = [f"{name},sha256={_hash(text)},{len(text.encode())}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"sample_hub-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def publish(
    house: Path,
    number: int,
    wheels: Sequence[Path],
    *,
    software: str | None = None,
    updates_from: int = 0,
    journal_writes: int = JOURNAL_WRITES,
    journal_reads: int = JOURNAL_READS,
    key: Ed25519PrivateKey = PUBLISHER,
    fingerprint: str = "",
) -> bytes:
    """Put a sealed release into a wheelhouse; returns the SHA-256 of its manifest."""
    files = []
    for path in (*wheels, PIP):
        data = path.read_bytes()
        file = ReleaseFile(path.name, sha256(data).digest(), len(data), len(data), (TARGET,))
        (house / file.path).parent.mkdir(parents=True, exist_ok=True)
        (house / file.path).write_bytes(data)
        files.append(file)
    release = Release(
        VERSION,
        number,
        software or f"{number}.0",
        updates_from,
        journal_writes,
        journal_reads,
        tuple(files),
        fingerprint,
    )
    sealed = seal(key, release)
    (house / release_file(number)).write_bytes(sealed)
    return sha256(sealed).digest()


def run_for_good(
    releases: Releases, house: Path, number: int, made: Path, *, ballast: int = 0
) -> None:
    """Let a hub's machine run a release, at once, whose files it can hand on."""
    publish(house, number, [wheel(made, f"{number}.0", ballast=ballast)])
    folder = releases.folder(str(number))
    folder.mkdir(parents=True, exist_ok=True)
    (house / release_file(number)).rename(folder / release_file(number))
    for link in (CURRENT, PROVEN):
        releases.point(link, str(number))


def order(
    path: Path, number: int, release: int, manifest: bytes = bytes(32), *, node: str = NODE
) -> None:
    """Lay down the centre's order."""
    update = Update(VERSION, node, number, release, manifest, ("http://unused",))
    path.write_bytes(seal(CENTRE, update))


class UpTime:
    """A clock of one boot, whose time passes when somebody sleeps."""

    def __init__(self, boot: str = "boot-1") -> None:
        self.boot = boot
        self.now_s = 100.0

    def stamp(self) -> Stamp:
        return Stamp(0, round(self.now_s * 1e9), self.boot, synced=False)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Site:
    """A node in a folder: releases with 1 in force, a wheelhouse that is already fetched, a hub
    that starts whatever `current` says, and a journal."""

    def __init__(self, folder: Path, clock: UpTime | None = None) -> None:
        self.folder = folder
        self.clock = clock or UpTime()
        self.releases = Releases(folder / "opt")
        self.notebook = Notebook(folder / "state")
        self.house = folder / "house"
        self.order_file = folder / "order.thutu"
        self.says: House | None = None
        self.restarts = 0
        self.tidied = 0
        self.cannot_be_laid = ""

    @property
    def updater(self) -> Updater:
        return Updater(
            releases=self.releases,
            notebook=self.notebook,
            wheelhouse=self.house,
            machine=self,
            clock=self.clock,
            trusted=TRUSTED,
        )

    def begin(self, name: str = "1") -> None:
        """Release 1 runs, as an earlier update left it, or one of this name, as a card has it."""
        program = self.releases.folder(name) / "bin/sample-hub"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho 1.0\n", "ascii")
        program.chmod(0o755)
        self.releases.mark_built(name)
        self.releases.point(CURRENT, name)
        self.releases.point(PROVEN, name)
        self.lay()
        self.restart(("hub",))

    def boot(self, name: str) -> None:
        """Power comes back: the clock begins anew, and services start what `current` says."""
        self.clock = UpTime(name)
        self.updater.resume()
        with contextlib.suppress(MachineError):
            self.lay()
        self.restart(("hub",))

    def run(self) -> None:
        self.updater.run(lambda: self.updater.take_order(self.order_file))

    def phase(self) -> tuple[int, str, str]:
        plan = self.notebook.plan
        assert plan is not None
        return plan.state.release, plan.state.phase, plan.state.reason

    def runs(self) -> str:
        """What the hub that runs says of itself, and that it is what `current` leads to."""
        return (self.folder / "runs").read_text("ascii")

    # --- the machine ---

    def fetch(self) -> None:
        """It is there already; fetching has tests of its own."""

    def tidy(self) -> None:
        """Only noted, for the wheelhouse is the publisher's own; fetching has tests of its own."""
        self.tidied += 1

    def check(self, release: str) -> None:
        assert self.releases.is_built(release)
        try:
            check_on_copy(self.folder / "data")
        except StoreError as error:
            raise MachineError(str(error)) from error

    def lay(self) -> None:
        """Only which release's units lie there; laying them has tests of its own."""
        if (name := self.releases.named(CURRENT)) == self.cannot_be_laid:
            raise MachineError("no room in /etc")
        (self.folder / "laid").write_text(name, "ascii")

    def laid(self) -> str:
        """The release whose units lie there."""
        return (self.folder / "laid").read_text("ascii")

    def running(self) -> tuple[str, ...]:
        return ("hub",)

    def lives(self, units: Sequence[str]) -> tuple[str, ...] | None:
        return (str(self.restarts),) if units == ("hub",) else None

    def restart(self, units: Sequence[str]) -> None:
        assert tuple(units) == ("hub",)
        assert self.laid() == self.releases.named(CURRENT) != self.cannot_be_laid
        self.restarts += 1
        said = subprocess.run(
            [self.folder / "opt/current/bin/sample-hub"], capture_output=True, check=False
        )
        software = said.stdout.decode().strip() if said.returncode == 0 else ""
        (self.folder / "runs").write_text(software, "ascii")

    def hub(self) -> HubView | None:
        software = self.runs()
        return HubView(software, self.says or "closed") if software else None


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
