"""Which wheels go onto a card: those that its system's Python and processor can use; pure."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from provision.image.refused import ImageError

System = Literal["trixie", "bookworm"]

_PYTHON_MINOR: dict[System, int] = {"bookworm": 11, "trixie": 13}
_TAG = re.compile(r"(py|cp)3([0-9]*)")


def wheels_for(
    system: System, processor: str, found: Iterable[Path], folder: Path
) -> tuple[list[Path], str]:
    """Those of `found`, which lie in `folder`, that such a machine can use, and the version of
    Thứ Tự among them.

    Raises ImageError when pip or Thứ Tự is not there exactly once, or when nothing of what is there
    of a package can be used.
    """
    packages: dict[str, list[Path]] = {}
    for wheel in sorted(found):
        packages.setdefault(_package(wheel), []).append(wheel)
    ours = packages.get("thutu", [])
    if len(ours) != 1 or len(packages.get("pip", [])) != 1:
        raise ImageError("wheels", folder=folder)
    minor = _PYTHON_MINOR[system]
    usable = {
        package: [wheel for wheel in wheels if _fits(wheel, minor, processor)]
        for package, wheels in packages.items()
    }
    useless = [packages[package][0].name for package, wheels in usable.items() if not wheels]
    if useless:
        raise ImageError(
            "other_wheels",
            python=f"3.{minor}",
            processor=processor,
            system=system,
            wheels=", ".join(useless),
        )
    return [wheel for wheels in usable.values() for wheel in wheels], ours[0].name.split("-")[1]


def _package(wheel: Path) -> str:
    return re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()


def _fits(wheel: Path, minor: int, processor: str) -> bool:
    """Whether one of the wheel's tags (PEP 425) is of CPython 3.`minor` on Linux."""
    parts = wheel.stem.split("-")
    if len(parts) not in (5, 6):
        return False
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return any(_runs(python, abi, minor) for python in pythons for abi in abis) and any(
        platform == "any" or re.fullmatch(rf"(many)?linux.*_{re.escape(processor)}", platform)
        for platform in platforms
    )


def _runs(python: str, abi: str, minor: int) -> bool:
    found = _TAG.fullmatch(python)
    if found is None or abi not in ("none", "abi3", f"cp3{minor}"):
        return False
    if found[1] == "py" or abi == "abi3":
        return int(found[2] or 0) <= minor
    return found[2] == str(minor)
