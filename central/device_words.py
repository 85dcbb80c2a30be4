"""Devices and what is wrong with them, for people."""

from runtime.wording import catalogue


def device_words(device: str, language: str) -> str:
    """What people call a device that hubs name as their programs do, such as `boards:board-3`; the
    name itself where whoever installed it chose one."""
    owner, _, part = device.rpartition(":")
    kind, _, which = part.partition("-")
    for key in (f"{owner}_{part}", part, *([f"{kind}_which"] if which else [])):
        words = catalogue(language).get(f"device_name.{key}")
        if words is not None:
            return words.format(which=which)
    return device


def fault_words(condition: str, language: str) -> str:
    """The words of what a hub said of a device, as staff read them there; what it said itself where
    there are none."""
    return catalogue(language).get(f"device.{condition}", condition)
