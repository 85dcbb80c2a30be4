"""What devices are called: nobody speaks for the devices of another."""

_LENGTH = 64
_OF = ":"
_MACHINE = "machine"


def name_of(actor: str, device: str) -> str:
    """The name of what someone other than the hub calls `device`."""
    return f"{own(actor)}{device}"[:_LENGTH]


def own(actor: str) -> str:
    """How the names of all devices begin that `actor` reports."""
    return f"{actor}{_OF}"


def of_the_machine(part: str) -> str:
    """The name of a part of the hub's own machine."""
    return f"{_MACHINE}{_OF}{part}"


def is_of_another(name: str) -> bool:
    """Whether another machine of the site speaks for this device; a printer of the site's rules is
    watched by the slips that it asks for."""
    return _OF in name and not name.startswith(of_the_machine(""))
