"""What devices are called: nobody speaks for the devices of another."""

_LENGTH = 64
_OF = ":"


def name_of(actor: str, device: str) -> str:
    """The name of what someone other than the hub calls `device`."""
    return f"{own(actor)}{device}"[:_LENGTH]


def own(actor: str) -> str:
    """How the names of all devices begin that `actor` reports."""
    return f"{actor}{_OF}"


def is_the_hubs_own(name: str) -> bool:
    """Whether the hub itself reports this device, or a printer of the site's rules does."""
    return _OF not in name
