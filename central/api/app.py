"""The application of the API."""

from collections.abc import Callable

from fastapi import FastAPI

from central.api.entrance import Entrance
from central.api.problems import say_problems
from central.api.routes import api_router, health_router

_ABOUT = """\
Waits, throughput and data quality of Vietnam's commune Public Administrative Service Centres.

Everything needs a token (`thutu-central token`), and shows only what the token's scope covers:
the nation, or one province. Every figure comes with its freshness. A site that is silent is never
read as one where nobody waits. Durations are milliseconds; days and times are Vietnam's.
"""


def create_api(entrance: Entrance, is_healthy: Callable[[], bool]) -> FastAPI:
    """The API below `/api/v1`, with its description at `/api/v1/openapi.json`."""
    app = FastAPI(
        title="Thứ Tự – the centre",
        version="1",
        description=_ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            {"name": "figures", "description": "Waits, throughput and ratings."},
            {"name": "quality", "description": "How far the figures can be trusted."},
            {"name": "service", "description": "The state of the centre itself."},
        ],
    )
    app.include_router(api_router(entrance))
    app.include_router(health_router(is_healthy))
    say_problems(app)
    return app
