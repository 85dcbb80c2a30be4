"""The application of the API."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from central.api.alert_routes import alert_router
from central.api.appointment_routes import appointment_router
from central.api.catalogue_routes import catalogue_router
from central.api.entrance import Entrance
from central.api.etags import describe_tags
from central.api.exports.routes import export_router
from central.api.live_routes import live_router
from central.api.period_routes import period_router
from central.api.problems import say_problems
from central.api.record_routes import record_router
from central.api.registry_routes import registry_router
from central.api.routes import api_router, health_router
from central.api.update_routes import update_router

_ABOUT = """\
Waits, throughput and data quality of Vietnam's commune Public Administrative Service Centres.

Everything needs a token (`thutu-central token`), and shows only what the token's scope covers:
the nation, one province, or one commune-level unit. What lies outside is answered like what does
not exist (404); what the role does not include, with 403. Every figure comes with its freshness:
`complete_up_to` says until when everything that happened is in it. A site that is silent is never
read as one where nobody waits. Durations are milliseconds; days and times are Vietnam's.

Long lists come in pages (`offset` and `limit`, or `after`); answers carry an `ETag`, and are not
sent again to who shows it in `If-None-Match`. Errors are problem details (RFC 9457) in Vietnamese,
or in English by `Accept-Language: en`.
"""


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The description of all operations."""
        if self.openapi_schema is None:
            describe_tags(super().openapi())
        return super().openapi()


def create_api(
    entrance: Entrance, is_healthy: Callable[[], bool], refused_files: Callable[[], int] = int
) -> FastAPI:
    """The API below `/api/v1`, with its description at `/api/v1/openapi.json`; `refused_files` says
    how many files from hubs are kept that could not be taken in."""
    app = _Api(
        title="Thứ Tự – the centre",
        version="1",
        description=_ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            {"name": "figures", "description": "Waits, throughput and ratings."},
            {"name": "exports", "description": "Tables and reports to take away."},
            {"name": "machines", "description": "Hubs and devices."},
            {"name": "alerts", "description": "What somebody should look at."},
            {"name": "appointments", "description": "For booking systems: slots at sites."},
            {"name": "registry", "description": "What exists on which days: units, procedures."},
            {"name": "audit", "description": "For auditors: single events, and who did what."},
            {"name": "quality", "description": "How far the figures can be trusted."},
            {"name": "service", "description": "The state of the centre itself."},
        ],
    )
    app.include_router(api_router(entrance))
    app.include_router(period_router(entrance))
    app.include_router(record_router(entrance))
    app.include_router(update_router(entrance))
    app.include_router(catalogue_router(entrance))
    app.include_router(registry_router(entrance))
    app.include_router(alert_router(entrance))
    app.include_router(appointment_router(entrance))
    app.include_router(export_router(entrance))
    app.include_router(live_router(entrance))
    app.include_router(health_router(is_healthy, refused_files))
    say_problems(app)
    return app
