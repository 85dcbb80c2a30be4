"""The centre's front: API and pages on one port."""

from fastapi import FastAPI
from starlette.applications import Starlette

from central.api.again import Again
from central.api.etags import ETags
from central.guarded import App, Guarded, Message, Receive, Send
from central.heads import Heads


class Front:
    """Sends what is below `/api/` to the API, below `/enrol/` to the enrolment of nodes, below
    `/t/` to the public's pages and below `/releases/` to hubs' software where there are such, and
    the rest to the admins' pages; all of them guarded."""

    def __init__(
        self,
        api: FastAPI,
        pages: FastAPI,
        enrolment: Starlette | None = None,
        public: Starlette | None = None,
        releases: Starlette | None = None,
    ) -> None:
        self._api = Heads(Again(ETags(api)))
        self._pages = Heads(Again(pages))
        self._enrolment = enrolment or self._pages
        self._public = Again(public) if public else self._pages
        self._releases = releases or self._pages
        self._guarded = Guarded(self._route)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        await self._guarded(scope, receive, send)

    async def _route(self, scope: Message, receive: Receive, send: Send) -> None:
        await self._app(scope["path"])(scope, receive, send)

    def _app(self, path: str) -> App:
        if path.startswith("/api/"):
            return self._api
        if path.startswith("/t/"):
            return self._public
        if path.startswith("/releases/"):
            return self._releases
        return self._enrolment if path.startswith("/enrol/") else self._pages
