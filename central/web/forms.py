"""Reading what a form of ours sends."""

from urllib.parse import parse_qs

from fastapi import Request
from starlette.exceptions import HTTPException

_MOST_BYTES = 8_192
_TOO_LARGE = 413


async def read_form(request: Request) -> dict[str, str]:
    """The fields by name, without spaces around, of several of a name the first. Raises
    HTTPException for more than a form of ours can hold."""
    return {name: values[0] for name, values in (await read_choices(request)).items()}


async def read_choices(request: Request) -> dict[str, list[str]]:
    """As `read_form`, with all that was given by a name."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(_TOO_LARGE)
    fields = parse_qs(body.decode(errors="replace"))
    return {name: [value.strip() for value in values] for name, values in fields.items()}
