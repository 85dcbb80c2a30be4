"""A whole machine in QEMU: its disks, its power switch, and what one may do inside."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.machine.front import Front
from tests.machine.guest_agent import Finished, GuestAgent, GuestSilentError

_KERNEL_LINE = "root=LABEL=rootfs console=ttyS0 panic=-1 mitigations=off"
_MEMORY_MB = "906"  # what the firmware of a Pi 3 leaves to Linux
_START_S = 600.0
_SET_UP_S = 1800.0
_SLOW_S = 300.0  # where the computer does much else
_LOOK_S = 1.0


class Machine:
    """A computer with a keyboard, a screen and a sound card, and where wanted a `network_card`
    behind which the computer that tests is 10.0.2.2. `screen` is what QEMU calls its adapter.

    Its second serial port leads to `printer_port`, its third to the terminal `boards`. `made` holds
    the kernel; `folder` the disks root.ext4, data.ext4, boot.vfat and perhaps stick.vfat, and what
    the machine says: console.log, heard.wav since it has power, and acknowledged.log from inside.
    """

    def __init__(
        self,
        made: Path,
        folder: Path,
        printer_port: int,
        boards: Path,
        *,
        network_card: bool = False,
        screen: str = "VGA",
    ) -> None:
        self._made = made
        self.folder = folder
        self.front = Front(folder / "front", folder / "heard.wav")
        self._printer_port = printer_port
        self._boards = boards
        self._screen = screen
        self._nic = "user,model=virtio-net-pci" if network_card else "none"
        self._agent = GuestAgent(folder / "agent")
        self._computer: subprocess.Popen[bytes] | None = None

    @property
    def is_on(self) -> bool:
        """Whether it has power and has not switched itself off."""
        return self._computer is not None and self._computer.poll() is None

    @property
    def acknowledged(self) -> list[str]:
        """The whole lines that came out of /dev/virtio-ports/acknowledged."""
        heard = (self.folder / "acknowledged.log").read_text("utf-8")
        return heard[: heard.rfind("\n") + 1].splitlines()

    @property
    def console(self) -> str:
        """What kernel and systemd said on the first serial port."""
        return (self.folder / "console.log").read_text("utf-8", "replace")

    def set_itself_up(self) -> float:
        """Give power to a new card, and again once the machine has restarted by itself, for a Pi's
        firmware reads the card's `cmdline.txt` at each start; returns the seconds of the first.

        Raises TimeoutError.
        """
        started_s = time.monotonic()
        self._give_power("utc", "-no-reboot")
        assert self._computer is not None
        try:
            self._computer.wait(_SET_UP_S)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"not set up\n{self.console[-2000:]}") from error
        assert "reboot: Restarting system" in self.console, self.console[-2000:]
        took_s = time.monotonic() - started_s
        self.switch_on()
        return took_s

    def switch_on(self, clock: str = "utc") -> None:
        """Give power and wait for the agent; `clock` is what the clock chip says.

        Raises TimeoutError.
        """
        self._give_power(clock)
        self.wait_for(self._agent.answers, _START_S)

    def _give_power(self, clock: str, *more: str) -> None:
        folder = self.folder
        drives = [
            word
            for disk in ("root.ext4", "data.ext4", "boot.vfat", "stick.vfat")
            if (folder / disk).exists()
            for word in ("-drive", f"file={folder / disk},format=raw,if=virtio")
        ]
        self._computer = subprocess.Popen(
            [
                "qemu-system-x86_64",
                *("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem"),
                *(
                    "-smp",
                    "2",
                    "-m",
                    _MEMORY_MB,
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                ),
                *("-nic", self._nic, "-rtc", f"base={clock}"),
                *("-kernel", self._made / "vmlinuz", "-initrd", self._made / "initrd"),
                *("-append", f"{_KERNEL_LINE} {self._said_by_the_card()}"),
                *drives,
                *more,
                *("-chardev", f"file,id=console,path={folder / 'console.log'},append=on"),
                *("-chardev", f"socket,id=printer,host=127.0.0.1,port={self._printer_port}"),
                *("-chardev", f"serial,id=boards,path={self._boards}"),
                *("-serial", "chardev:console", "-serial", "chardev:printer"),
                *("-serial", "chardev:boards"),
                *("-device", self._screen, "-qmp", f"unix:{self.front.qmp},server=on,wait=off"),
                *("-audiodev", f"wav,id=loudspeaker,path={self.front.heard}"),
                *("-device", "AC97,audiodev=loudspeaker"),
                *("-device", "virtio-serial", "-device", "virtio-rng-pci"),
                *("-chardev", f"socket,id=agent,path={folder / 'agent'},server=on,wait=off"),
                *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
                *("-chardev", f"file,id=heard,path={folder / 'acknowledged.log'},append=on"),
                *("-device", "virtserialport,chardev=heard,name=acknowledged"),
            ],
            stdin=subprocess.DEVNULL,
        )

    def _said_by_the_card(self) -> str:
        """What `cmdline.txt` tells the kernel; on which console, this machine knows itself."""
        card = self.folder / "boot.vfat"
        words = subprocess.check_output(["mtype", "-i", card, "::cmdline.txt"], text=True).split()
        return " ".join(word for word in words if not word.startswith("console="))

    def cut_power(self) -> None:
        """Take the power away, in the middle of whatever is going on."""
        self._agent.close()
        if self._computer is not None:
            self._computer.kill()
            self._computer.wait()
            self._computer = None

    def shut_down(self) -> None:
        """Shut down in good order. Raises subprocess.TimeoutExpired."""
        assert self._computer is not None
        with suppress(GuestSilentError, OSError):  # it may be off before it has answered
            self.run("systemctl --no-block poweroff")
        self._computer.wait(timeout=_START_S)
        self._agent.close()
        self._computer = None

    def try_to(self, command: str, given: str = "", timeout_s: float = _SLOW_S) -> Finished:
        """Run a shell's command inside, as root."""
        return self._agent.run(command, given, timeout_s)

    def run(self, command: str, given: str = "", timeout_s: float = _SLOW_S) -> str:
        """Run a command that must succeed; returns what it says."""
        done = self.try_to(command, given, timeout_s)
        assert done.code == 0, f"{command}: {done.code}\n{done.output}"
        return done.output

    def wait_for(self, holds: Callable[[], bool], timeout_s: float = _SLOW_S) -> float:
        """Wait until it holds; returns the seconds. Raises TimeoutError."""
        started_s = time.monotonic()
        while not self._now(holds):
            if not self.is_on:
                raise TimeoutError("the machine is off")
            if time.monotonic() - started_s > timeout_s:
                raise TimeoutError(f"not within {timeout_s:g} s\n{self.console[-2000:]}")
            time.sleep(_LOOK_S)
        return time.monotonic() - started_s

    def console_says(self, words: str) -> bool:
        """Whether these letters are on the first console."""
        return words in self.run("iconv -f UTF-32LE -t UTF-8 /dev/vcsu1")

    @staticmethod
    def _now(holds: Callable[[], bool]) -> bool:
        """A machine that is starting itself anew answers nothing, so nothing holds."""
        try:
            return holds()
        except (GuestSilentError, OSError):
            return False
