"""Reading what a form of ours sends."""

from urllib.parse import parse_qs

from fastapi import Request
from starlette.exceptions import HTTPException

_MOST_BYTES = 4_096
_TOO_LARGE = 413


async def read_form(request: Request) -> dict[str, str]:
    """The fields by name, without spaces around. Raises HTTPException for more than a form of
    ours can hold."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(_TOO_LARGE)
    fields = parse_qs(body.decode(errors="replace"))
    return {name: values[0].strip() for name, values in fields.items()}
