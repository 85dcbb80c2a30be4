"""What a site offers: to citizens at the kiosk, to staff at their terminals."""

from typing import Any

from msgspec import to_builtins

from contract.local_time import local_time
from contract.procedures import Procedure
from contract.site_rules import Rules
from contract.snapshot import Snapshot
from edge.core.calendar import hours
from runtime.wording import LANGUAGES


def catalogue(
    rules: Rules,
    procedures: tuple[Procedure, ...],
    printer: str | None,
    now: Snapshot,
    *,
    appointments: bool,
) -> dict[str, Any]:
    """Services, priority classes, procedures, hours, ratings as JSON values.

    `hours` are those of today, `procedures` those in force on the business day that the next order
    finds: today's where a clock can be believed, else the one that is open. `printer` is the device
    that prints the asker's tickets, if there is one; `appointments` says that slots are booked. A
    service's `usual_min` is minutes at the counter.
    """
    today = local_time(now.now_ms).date().isoformat()
    business_day = today if now.clock_trusted else now.day
    return {
        "site": rules.site,
        "site_name": rules.site_name,
        "unit": rules.unit,
        "languages": LANGUAGES,
        "services": [
            {
                "id": service.id,
                "series": service.series,
                "name": service.name,
                "usual_min": service.usual_min,
            }
            for service in rules.services
        ],
        "priorities": to_builtins(rules.priorities),
        "procedures": to_builtins([one for one in procedures if one.is_in_force(business_day)]),
        "sessions": to_builtins(rules.sessions),
        "hours": hours(rules, today),
        "appointments": appointments,
        "rating_levels": rules.rating_levels,
        "rating_reasons": to_builtins(rules.rating_reasons),
        "printer": printer,
    }
