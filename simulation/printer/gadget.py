"""A virtual printer as a USB device that the kernel itself finds on one of its buses.

Linux is both ends of the cable: a USB gadget, and the host that dummy_hcd plugs it into. Source:
the kernel's documents gadget_configfs and gadget_printer.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from simulation.printer.machine import VirtualPrinter
from simulation.printer.ports import UsbPort, carry, sender

_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, slots=True)
class Gadget:
    """A gadget with a configuration `c.1` and a function `printer.0`, made in configfs: its folder
    there, the `controller` (of /sys/class/udc) that it is plugged into, and the file that the
    printer's bytes go through."""

    folder: Path
    controller: str
    device: Path

    def plug(self) -> None:
        """Be a device on the bus. Raises OSError."""
        self._link.symlink_to(self.folder / "functions" / self._link.name)
        (self.folder / "UDC").write_text(self.controller)

    def unplug(self) -> None:
        """Be none. Raises OSError."""
        (self.folder / "UDC").write_text("\n")
        # Bound a second time, f_printer.c would read on in a buffer that it has freed.
        self._link.unlink()

    @property
    def _link(self) -> Path:
        return self.folder / "configs/c.1/printer.0"


class GadgetPort(UsbPort):
    """A USB socket: `path`, which the host's udev makes, is there while a printer with power is
    plugged into it."""

    def __init__(self, printer: VirtualPrinter, path: Path, gadget: Gadget) -> None:
        self._gadget = gadget
        super().__init__(printer, path)

    def _be_a_device(self) -> None:
        power_cuts = self._printer.power_cuts
        self._gadget.plug()
        try:
            while not self._is_gone(power_cuts):
                # There is no interface before the host has chosen it, and none after it reset us.
                with contextlib.suppress(OSError):
                    self._serve_host(power_cuts)
                self._closed.wait(_LOOK_AGAIN_S)
        finally:
            self._gadget.unplug()
            self._appeared.clear()

    def _serve_host(self, power_cuts: int) -> None:
        fd = os.open(self._gadget.device, os.O_RDWR | os.O_NONBLOCK)
        with os.fdopen(fd, "r+b", buffering=0) as line:
            self._printer.attach(sender(line.write))
            while not self.path.exists() and not self._is_gone(power_cuts):
                self._closed.wait(_LOOK_AGAIN_S)
            self._appeared.set()
            carry(self._printer, fd, line.read, lambda: self._is_gone(power_cuts))
