"""Which of the pinned packages a site's machine needs; pure.

Markers and extras are those of the core metadata (PEP 508), judged for the machine that is meant
and not for the one that builds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PIN = re.compile(r"^(([A-Za-z0-9][A-Za-z0-9._-]*)==[^\s;]+)[ \t]*(?:;([^\\\n]*))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of machine: Python's minor version, and the processor as the kernel calls it."""

    minor: int
    processor: str

    @classmethod
    def read(cls, text: str) -> "Target":
        """From words like `cp313-aarch64`. Raises ValueError."""
        found = re.fullmatch(r"cp3([0-9]+)-([a-z0-9_]+)", text)
        if found is None:
            raise ValueError(f"{text!r} is no target, such as cp313-aarch64")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"cp3{self.minor}-{self.processor}"

    @property
    def environment(self) -> dict[str, str]:
        """What markers are judged by."""
        version = f"3.{self.minor}"
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{version}.0",
            "os_name": "posix",
            "platform_machine": self.processor,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{version}.0",
            "python_version": version,
            "sys_platform": "linux",
        }


Need = tuple[str, str]
"""A package's normal name, and an extra of it or nothing."""


def needs(metadata: str, extra: str, target: Target) -> set[Need]:
    """What a package needs on such a machine, for itself or for one of its extras."""
    found: set[Need] = set()
    for line in HeaderParser().parsestr(metadata).get_all("Requires-Dist", []):
        wanted = Requirement(line)
        environment = {**target.environment, "extra": extra}
        if wanted.marker is None or wanted.marker.evaluate(environment):
            name = canonicalize_name(wanted.name)
            found |= {(name, ""), *((name, extra) for extra in wanted.extras)}
    return found


def pins(requirements: str, target: Target) -> dict[str, str]:
    """Each package's own lines of a file of requirements, its pin and its hashes, where its marker
    holds on such a machine; without the marker, which pip would judge for this one."""
    starts = [*_PIN.finditer(requirements)]
    ends = [*(start.start() for start in starts[1:]), len(requirements)]
    return {
        canonicalize_name(start[2]): f"{start[1]} {requirements[start.end() : end]}"
        for start, end in zip(starts, ends, strict=True)
        if start[3] is None or Marker(start[3]).evaluate(target.environment)
    }


def pinned(names: Iterable[str], pins: Mapping[str, str]) -> str:
    """A file of requirements for these alone. Raises ValueError for what is not pinned."""
    missing = sorted(set(names) - pins.keys())
    if missing:
        raise ValueError(f"not pinned by hash: {', '.join(missing)}")
    return "".join(pins[name] for name in names)
