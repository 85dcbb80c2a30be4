"""What a process has used of the machine, from Linux's /proc (proc(5))."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME = 11  # of the fields behind the command's name


@dataclass(slots=True)
class Usage:
    """Processor seconds and the highest memory of a program over all its processes."""

    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0

    def add(self, pid: int) -> None:
        """Count what process `pid` has used, before it ends. Raises OSError afterwards."""
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        self.cpu_s += (int(fields[_UTIME]) + int(fields[_UTIME + 1])) / _TICKS_PER_S
        peak_kb = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        self.peak_rss_mb = max(self.peak_rss_mb, int(peak_kb.split()[1]) / 1000)
