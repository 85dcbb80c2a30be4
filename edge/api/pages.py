"""The pages that a hub serves: the kiosk's, the rating tablet's, and what they share."""

from pathlib import Path

import fontpkg_be_vietnam_pro
from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

_HERE = Path(__file__).parent
_FONTS = fontpkg_be_vietnam_pro.ROOT / "files"
_ASK_AGAIN = {"Cache-Control": "no-cache"}


def add_pages(app: FastAPI) -> None:
    """Serve the kiosk page at `/`, the rating page at `/pad`, and their files."""

    @app.get("/", include_in_schema=False)
    async def kiosk() -> FileResponse:
        return FileResponse(_HERE / "kiosk" / "index.html", headers=_ASK_AGAIN)

    @app.get("/pad", include_in_schema=False)
    async def pad() -> FileResponse:
        return FileResponse(_HERE / "pad" / "index.html", headers=_ASK_AGAIN)

    app.mount("/page/fonts", StaticFiles(directory=_FONTS))
    for part in ("page", "kiosk", "pad"):
        app.mount(f"/{part}", StaticFiles(directory=_HERE / part))
