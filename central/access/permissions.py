"""What each role may do within its scope."""

from enum import StrEnum

from central.scope import Role


class Permission(StrEnum):
    """One kind of question or deed."""

    FIGURES = "figures"
    """Waits, throughput, ratings, trends, exports and reports."""
    MACHINES = "machines"
    """Hubs, devices and data quality."""
    EVENTS = "events"
    """The stored events one by one."""
    AUDIT = "audit"
    """Who signed in and who read what."""
    ALERTS = "alerts"
    """Acknowledging and closing alerts."""
    CATALOGUE = "catalogue"
    """Putting another catalogue of procedures into force, for the whole nation."""
    APPOINTMENTS = "appointments"
    """Booking, moving and cancelling slots at sites, and what became of them."""


_ADMIN = frozenset({Permission.FIGURES, Permission.MACHINES, Permission.ALERTS})
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "national": _ADMIN | {Permission.CATALOGUE},
    "province": _ADMIN,
    "unit": _ADMIN,
    "auditor": frozenset(
        {Permission.FIGURES, Permission.MACHINES, Permission.EVENTS, Permission.AUDIT}
    ),
    "operator": frozenset({Permission.MACHINES, Permission.AUDIT, Permission.ALERTS}),
    "booking": frozenset({Permission.APPOINTMENTS}),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether a role may do something."""
    return permission in PERMISSIONS[role]
