"""Checking ID tokens (OpenID Connect Core 1.0, 3.1.3.7)."""

import hmac
from contextlib import suppress
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, extract_compact, validate_compact
from msgspec import Struct

from contract.decoders import from_builtins, from_json

SKEW_S = 60
"""By how much the clocks of centre and provider may differ."""
_LONGEST_AGE_S = 600
_LEAST_RSA_BITS = 2048
_LONGEST_SUBJECT = 255
_KINDS: dict[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))


class IdTokenError(Exception):
    """An ID token that proves nothing; the message says why, for the log."""


class Person(Struct, frozen=True):
    """Whom a provider vouches for: by a subject that it never gives to anybody else, and by an
    e-mail address if it has verified one."""

    issuer: str
    subject: str
    email: str | None = None


class Expected(Struct, frozen=True):
    """From whom, for whom, and in answer to what an ID token must be."""

    issuer: str
    client_id: str
    nonce: str


class KeySet(Struct, frozen=True):
    """A JSON Web Key Set (RFC 7517, 5)."""

    keys: list[dict[str, Any]]


class _Header(Struct):
    alg: str
    kid: str | None = None


class _Claims(Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    nbf: float = 0
    azp: str | None = None
    email: Any = None
    email_verified: Any = False


class _Registry(JWSRegistry):
    """Providers put certificates and words of their own into headers (RFC 7515, 4)."""

    max_header_length = 8192


def person_of(token: str, key_set: KeySet, expected: Expected, now_s: float) -> Person:
    """Whom an ID token speaks of, signed by a key of the provider's JSON Web Key Set.

    Raises IdTokenError for a token that is forged, over, not for us, or no answer to our question.
    """
    claims = _signed_claims(token, key_set)
    fault = _fault(claims, expected, now_s)
    if fault:
        raise IdTokenError(fault)
    email = claims.email if claims.email_verified is True else None
    return Person(claims.iss, claims.sub, email if isinstance(email, str) else None)


def _fault(claims: _Claims, expected: Expected, now_s: float) -> str | None:
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    is_for_us = claims.azp == expected.client_id or (claims.azp is None and len(audiences) == 1)
    checks = {
        "another issuer": claims.iss == expected.issuer,
        "for another client": expected.client_id in audiences and is_for_us,
        "no answer to this browser's question": hmac.compare_digest(
            claims.nonce.encode(), expected.nonce.encode()
        ),
        "over": now_s < claims.exp + SKEW_S,
        "from the future: compare the clocks": max(claims.iat, claims.nbf) <= now_s + SKEW_S,
        "too old": now_s <= claims.iat + _LONGEST_AGE_S + SKEW_S,
        "without a subject": claims.sub.isprintable() and 1 <= len(claims.sub) <= _LONGEST_SUBJECT,
    }
    return next((fault for fault, holds in checks.items() if not holds), None)


def _signed_claims(token: str, key_set: KeySet) -> _Claims:
    registry = _Registry(algorithms=_ALGORITHMS, strict_check_header=False)
    try:
        signed = extract_compact(token.encode(), registry=registry)
        header = from_builtins(signed.headers(), _Header)
        if header.alg not in _ALGORITHMS:
            raise IdTokenError(f"signed by {header.alg[:20]!r}")
        keys = _keys(key_set, header)
        if not any(validate_compact(signed, key, registry=registry) for key in keys):
            raise IdTokenError(f"signed by none of {len(keys)} keys that fit")
        return from_json(signed.payload, _Claims)
    except (JoseError, ValueError, RecursionError, msgspec.ValidationError) as error:
        raise IdTokenError(f"no ID token: {error}") from error


def _keys(key_set: KeySet, header: _Header) -> list[RSAKey | ECKey]:
    """The keys that may have signed; those that nobody here understands do not matter."""
    kind = "EC" if header.alg.startswith("ES") else "RSA"
    found: list[RSAKey | ECKey] = []
    for data in key_set.keys:
        if data.get("kty") == kind and _may_have_signed(data, header):
            with suppress(JoseError, ValueError, TypeError):
                found.append(_KINDS[kind].import_key(data))
    return [key for key in found if _is_strong(key)]


def _may_have_signed(data: dict[str, Any], header: _Header) -> bool:
    return (
        header.kid in (None, data.get("kid"))
        and data.get("use", "sig") == "sig"
        and data.get("alg", header.alg) == header.alg
        and data.get("crv") == _CURVES.get(header.alg)
    )


def _is_strong(key: RSAKey | ECKey) -> bool:
    raw = key.raw_value
    return not isinstance(raw, RSAPublicKey | RSAPrivateKey) or raw.key_size >= _LEAST_RSA_BITS
