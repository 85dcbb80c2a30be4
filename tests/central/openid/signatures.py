"""Signing tokens by the letter of RFC 7515 and 7518, without the library that the centre checks
them with."""

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Claims = dict[str, Any]


def base64(data: bytes) -> str:
    """URL-safe, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(n: int, size: int) -> str:
    """A number of so many bytes."""
    return base64(n.to_bytes(size, "big"))


def unsigned(header: Claims, claims: Claims) -> str:
    """Header and claims, which is what gets signed."""
    return ".".join(base64(json.dumps(part).encode()) for part in (header, claims))


class RsaSigner:
    """An RSA key of a provider."""

    def __init__(self, kid: str = "k1", bits: int = 2048) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self._size = bits // 8

    def jwk(self, **more: Any) -> Claims:
        """The public half for a JSON Web Key Set."""
        public = self.private.public_key().public_numbers()
        n, e = number(public.n, self._size), number(public.e, 3)
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "n": n, "e": e} | more

    def sign(self, claims: Claims, **header: Any) -> str:
        """A token by RS256, or PS256 if the header says so; None leaves a field of it out."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.kid} | header
        text = unsigned({name: value for name, value in header.items() if value}, claims)
        pad: padding.PSS | padding.PKCS1v15 = padding.PKCS1v15()
        if header["alg"] == "PS256":
            pad = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return f"{text}.{base64(self.private.sign(text.encode(), pad, hashes.SHA256()))}"


class EcSigner:
    """A P-256 key of a provider."""

    def __init__(self, kid: str = "e1") -> None:
        self.kid = kid
        self._private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> Claims:
        """The public half for a JSON Web Key Set."""
        public = self._private.public_key().public_numbers()
        x, y = number(public.x, 32), number(public.y, 32)
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": x, "y": y}

    def sign(self, claims: Claims) -> str:
        """A token by ES256."""
        text = unsigned({"alg": "ES256", "kid": self.kid}, claims)
        signature = self._private.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        return f"{text}.{base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def sign_with_secret(secret: bytes, claims: Claims, **header: Any) -> str:
    """A token by HS256."""
    text = unsigned({"alg": "HS256"} | header, claims)
    return f"{text}.{base64(hmac.digest(secret, text.encode(), sha256))}"
