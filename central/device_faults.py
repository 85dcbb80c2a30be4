"""What is wrong with a device, for people."""

from runtime.wording import catalogue


def fault_words(condition: str, language: str) -> str:
    """The words of what a hub said of a device, as staff read them there; what it said itself where
    there are none."""
    return catalogue(language).get(f"device.{condition}", condition)
