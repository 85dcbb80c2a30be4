"""What a node and the centre agree on to make a certificate: the one-time token, and the proof.

A request is authentic by itself, whatever line carries it: it is signed by the token, or by the key
of the certificate it renews. So enrolment needs neither a right clock, which a new machine has not,
nor trust in whoever ends TLS; and whoever reads it on the way learns no secret.
"""

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

ENROL_PATH = "/enrol/v1"
_DIGEST_BYTES = 32
_SEED_BYTES = 32
_PROOF_OF = b"thutu certificate request 1\0"


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """A one-time right to a certificate: an Ed25519 key that the centre knows by its public half
    only, and the fingerprint of the authority that the answer must come from."""

    authority: bytes
    seed: bytes = field(repr=False)

    @classmethod
    def new(cls, authority: bytes) -> Self:
        """A fresh token for the authority of this fingerprint."""
        return cls(authority, secrets.token_bytes(_SEED_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote. Raises ValueError when it is no token."""
        try:
            data = b64decode(text.strip() + "==", altchars="-_", validate=True)
        except ValueError as error:
            raise ValueError("not a token: it has other letters than a token") from error
        if len(data) != _DIGEST_BYTES + _SEED_BYTES:
            raise ValueError(f"not a token: {len(data)} bytes instead of 64")
        return cls(data[:_DIGEST_BYTES], data[_DIGEST_BYTES:])

    @property
    def text(self) -> str:
        """The secret as one word of 86 letters, digits, `-` and `_`."""
        return urlsafe_b64encode(self.authority + self.seed).decode("ascii").rstrip("=")

    @property
    def public_key(self) -> bytes:
        """What the centre knows the token by; 32 bytes, and no secret."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def proof(self, request: bytes) -> bytes:
        """The token's signature over a certificate request (PKCS #10, DER)."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(proof_text(request))


def proof_text(request: bytes) -> bytes:
    """What a proof signs: the request, marked so that the signature serves nothing else."""
    return _PROOF_OF + request


def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 over a certificate's DER; 32 bytes."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
