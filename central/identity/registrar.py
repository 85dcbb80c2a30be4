"""Whether a node gets a certificate: the rules of enrolment and of renewal."""

import hashlib
import logging
from datetime import timedelta
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from central.identity.register import CertificateRow, Register, TokenRow
from contract.ids import split_node
from contract.wire import VERSION, Certificate, CertificateRequest
from runtime.authority import Authority, BadRequestError, read_request
from runtime.clock import Clock
from runtime.enrolment import EnrolmentToken, fingerprint, proof_text

logger = logging.getLogger(__name__)

CERTIFICATE_LIFE = timedelta(days=90)
_TOKEN_LIFE_MS = 24 * 3_600_000

Refusal = Literal[
    "version", "bad-request", "unknown-signer", "other-node", "token-over", "token-used",
    "bad-proof", "expired", "revoked",
]  # fmt: skip


class RequestRefused(Exception):  # noqa: N818 - a refusal, not an error
    """A request that is not granted; `reason` is one of a closed list, `detail` says more."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Ended(NamedTuple):
    """What a revocation ended: certificates, and tokens that were not used."""

    certificates: int
    tokens: int


class Registrar:
    """Gives certificates to nodes that prove who they are, and keeps the register of them.

    A request may be repeated, for answers get lost: it has the same answer again. Used by one
    thread.
    """

    def __init__(self, authority: Authority, register: Register, clock: Clock) -> None:
        self._authority = authority
        self._register = register
        self._clock = clock

    def new_token(self, node: str) -> EnrolmentToken:
        """A one-time token for `node`, good for 24 hours, instead of an older unused one.

        Raises ValueError for what is no node, and RegisterError.
        """
        split_node(node)
        token = EnrolmentToken.new(fingerprint(self._authority.root))
        until_ms = self._clock.stamp().wall_ms + _TOKEN_LIFE_MS
        with self._register.transaction():
            self._register.add_token(TokenRow(token.public_key, node, until_ms, None))
        return token

    def answer(self, asked: CertificateRequest) -> Certificate:
        """The certificate for who proves a right to it. Raises RequestRefused and RegisterError.

        By a token: every older certificate of the node is revoked, for its machine is another
        one now. By the certificate in use: that one again while less than half of its life is
        over, so that a node without a clock may ask whenever it likes.
        """
        if asked.version != VERSION:
            raise RequestRefused("version", f"version {asked.version}, not {VERSION}")
        try:
            request = read_request(asked.request, asked.node)
        except BadRequestError as error:
            raise RequestRefused("bad-request", str(error)) from error
        digest = hashlib.sha256(asked.request).digest()
        with self._register.transaction():
            if token := self._register.token(asked.signer):
                row = self._enrol(asked, request, digest, token)
            elif present := self._register.certificate(asked.signer):
                row = self._renew(asked, request, digest, present)
            else:
                raise RequestRefused("unknown-signer", "no token or certificate of ours")
        return Certificate(VERSION, _read_chain(row))

    def valid(self, node: str) -> int:
        """How many certificates of a node are good now; its next enrolment ends them.

        Raises RegisterError.
        """
        return self._register.valid(node, self._clock.stamp().wall_ms)

    def revoke(self, node: str, reason: str) -> Ended:
        """Revoke all certificates of a node, and its unused token. Raises RegisterError."""
        with self._register.transaction():
            tokens = self._register.drop_tokens(node)
            return Ended(self._register.revoke(node, self._clock.stamp().wall_ms, reason), tokens)

    def _enrol(
        self,
        asked: CertificateRequest,
        request: x509.CertificateSigningRequest,
        digest: bytes,
        token: TokenRow,
    ) -> CertificateRow:
        try:
            key = Ed25519PublicKey.from_public_bytes(token.public_key)
            key.verify(asked.proof, proof_text(asked.request))
        except (InvalidSignature, ValueError) as error:
            raise RequestRefused("bad-proof", "not signed by the token") from error
        if token.node != asked.node:
            raise RequestRefused("other-node", f"the token is for {token.node}")
        if self._clock.stamp().wall_ms > token.until_ms:
            raise RequestRefused("token-over", "the token was good for 24 hours")
        if token.request is not None and token.request != digest:
            raise RequestRefused("token-used", "the token has been used, for another key")
        if known := self._register.answer_to(asked.node, digest):
            return _still_good(known)
        self._register.spend_token(token.public_key, digest)
        replaced = self._register.revoke(asked.node, self._clock.stamp().wall_ms, "replaced")
        if replaced:
            logger.warning("%s: enrolled anew; %d older certificates revoked", asked.node, replaced)
        return self._issue(asked.node, request, digest)

    def _renew(
        self,
        asked: CertificateRequest,
        request: x509.CertificateSigningRequest,
        digest: bytes,
        present: CertificateRow,
    ) -> CertificateRow:
        if not _is_signed(asked, x509.load_pem_x509_certificate(present.chain)):
            raise RequestRefused("bad-proof", "not signed by the certificate in use")
        if present.node != asked.node:
            raise RequestRefused("other-node", f"the certificate is of {present.node}")
        _still_good(present)
        if self._clock.stamp().wall_ms > present.until_ms:
            raise RequestRefused("expired", "an operator has to give out a new token")
        if known := self._register.answer_to(asked.node, digest):
            return _still_good(known)
        if self._clock.stamp().wall_ms < (present.from_ms + present.until_ms) // 2:
            return present
        return self._issue(asked.node, request, digest)

    def _issue(
        self, node: str, request: x509.CertificateSigningRequest, digest: bytes
    ) -> CertificateRow:
        issued = self._authority.certify_node(
            request, self._clock.stamp().wall_ms, CERTIFICATE_LIFE
        )
        row = CertificateRow(
            fingerprint(issued),
            f"{issued.serial_number:040x}",
            node,
            digest,
            int(issued.not_valid_before_utc.timestamp() * 1000),
            int(issued.not_valid_after_utc.timestamp() * 1000),
            b"".join(c.public_bytes(Encoding.PEM) for c in (issued, *self._authority.chain)),
        )
        self._register.add_certificate(row)
        logger.info("%s: certificate %s until %s", node, row.serial, issued.not_valid_after_utc)
        return row


def _is_signed(asked: CertificateRequest, by: x509.Certificate) -> bool:
    key = by.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(asked.proof, proof_text(asked.request), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _still_good(row: CertificateRow) -> CertificateRow:
    if row.revoked_ms is not None:
        raise RequestRefused("revoked", f"since {row.revoked_ms}: {row.reason}")
    return row


def _read_chain(row: CertificateRow) -> tuple[bytes, ...]:
    chain = x509.load_pem_x509_certificates(row.chain)
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in chain)
