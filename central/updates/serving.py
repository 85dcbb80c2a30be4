"""`/releases/…`: releases for hubs to fetch, by those who know what they want.

What is here is public and sealed, and an address never changes what it means. Whoever broke off
goes on where they were (RFC 9110, section 14.2).
"""

import re
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from central.updates.releases import FOLDER

_MANIFEST = re.compile(r"release-[1-9][0-9]{0,8}\.thutu")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WHEEL = re.compile(r"[A-Za-z0-9_.+!]+(-[A-Za-z0-9_.+!]+){4,5}\.whl")
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


def create_releases(folder: Path) -> Starlette:
    """The application below `/releases/`, for the shelf in the centre's `folder`."""
    shelf = folder / FOLDER

    def served(path: Path) -> Response:
        if not path.is_file():
            return Response(status_code=404)
        return FileResponse(path, media_type="application/octet-stream", headers=_FOR_EVER)

    def manifest(request: Request) -> Response:
        name = request.path_params["name"]
        return served(shelf / name) if _MANIFEST.fullmatch(name) else Response(status_code=404)

    def wheel(request: Request) -> Response:
        digest, name = request.path_params["digest"], request.path_params["name"]
        if not (_DIGEST.fullmatch(digest) and _WHEEL.fullmatch(name)):
            return Response(status_code=404)
        return served(shelf / "wheels" / digest / name)

    app = Starlette(
        routes=[
            Route("/releases/{name}", manifest),
            Route("/releases/wheels/{digest}/{name}", wheel),
        ]
    )
    app.router.redirect_slashes = False
    return app
