"""What a kiosk offers a citizen."""

from typing import Any

from msgspec import to_builtins

from edge.core.rules import Rules
from edge.settings import Procedure
from runtime.wording import LANGUAGES


def catalogue(rules: Rules, procedures: tuple[Procedure, ...]) -> dict[str, Any]:
    """Services, priority classes, procedures, hours and rating levels as JSON values."""
    return {
        "site": rules.site,
        "site_name": rules.site_name,
        "unit": rules.unit,
        "languages": LANGUAGES,
        "services": [
            {"id": service.id, "series": service.series, "name": service.name}
            for service in rules.services
        ],
        "priorities": to_builtins(rules.priorities),
        "procedures": to_builtins(procedures),
        "sessions": to_builtins(rules.sessions),
        "rating_levels": rules.rating_levels,
    }
