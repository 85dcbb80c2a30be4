"""What the centre must know of its OpenID Connect provider."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

_LOOPBACK = r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?"
_Issuer = Annotated[str, Meta(pattern=rf"^(https://[^\s/?#@]+|{_LOOPBACK})(/[^\s?#]*)?$")]
_Origin = Annotated[str, Meta(pattern=rf"^(https://[^\s/?#@]+|{_LOOPBACK})$")]


class OpenIdSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenID Connect provider through which people may sign in to the pages, and which is
    called `name` there. `issuer` is spelt as in its discovery document; `client_id` is what it
    calls this centre, which browsers find at `centre_url`: register
    `<centre_url>/sign-in/openid/return` there, and `<centre_url>/sign-in` for after signing out.
    `secret_file` holds one line; without it PKCE alone guards the code. `ca_file` is for a provider
    whose certificate is the organisation's own. `ask_email` asks for e-mail addresses too, for
    accounts that are linked by them."""

    issuer: _Issuer
    client_id: Annotated[str, Meta(min_length=1, max_length=255)]
    centre_url: _Origin
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    secret_file: Path | None = None
    ca_file: Path | None = None
    ask_email: bool = False
