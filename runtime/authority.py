"""The certificate authority: an EC P-256 key and its chain, and what it signs.

Source: RFC 5280 (certificates and lists of what is revoked), RFC 2986 (requests).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runtime.private_file import write_private
from runtime.worded_error import WordedError

KEY_FILE = "ca.key"
CHAIN_FILE = "ca.pem"
MOST_NAME_LETTERS = 64
"""Of a common name (RFC 5280, ub-common-name)."""

_ROOT_LIFE = timedelta(days=3653)
_LIST_LIFE = timedelta(days=30)
_LATE_CLOCKS = timedelta(minutes=5)
_SHA256 = hashes.SHA256()


class AuthorityError(WordedError):
    """The authority's files cannot be used, or exist already; nothing was changed."""

    section = "authority_refused"


class BadRequestError(ValueError):
    """A certificate request that is none, or not for this node."""


class Revoked(NamedTuple):
    """A certificate that is not valid any more, and since when (UTC ms)."""

    serial: int
    at_ms: int


class Authority:
    """Signs in the name of the first certificate of `chain`; the last one is the root."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]) -> None:
        self._key = key
        self.chain = tuple(chain)

    @classmethod
    def create(cls, folder: Path, name: str, now_ms: int) -> Self:
        """Make a root of its own in `folder`. Raises AuthorityError when there is one already, and
        for a name that no certificate holds."""
        if (folder / KEY_FILE).exists():
            raise AuthorityError("exists", folder=folder)
        if not 1 <= len(name) <= MOST_NAME_LETTERS:
            raise AuthorityError("bad_name", most=MOST_NAME_LETTERS)
        key = ec.generate_private_key(ec.SECP256R1())
        who = _name(name)
        built = (
            _unsigned(who, who, key.public_key(), now_ms, _ROOT_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        root = built.sign(key, _SHA256)
        write_private(folder / CHAIN_FILE, root.public_bytes(Encoding.PEM), 0o644)
        write_private(folder / KEY_FILE, key_pem(key))
        return cls(key, (root,))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The authority in `folder`: `ca.key`, and `ca.pem` with its own certificate first and the
        root last. An authority above ours only needs to sign ours. Raises AuthorityError."""
        try:
            key = load_pem_private_key((folder / KEY_FILE).read_bytes(), None)
            chain = x509.load_pem_x509_certificates((folder / CHAIN_FILE).read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise AuthorityError("unusable", folder=folder, what=error) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AuthorityError("no_ec_key", file=folder / KEY_FILE)
        if chain[0].public_key() != key.public_key():
            raise AuthorityError("other_first", file=folder / CHAIN_FILE, key_file=KEY_FILE)
        for issued, issuer in zip(chain, (*chain[1:], chain[-1]), strict=True):
            try:
                issued.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature) as error:
                raise AuthorityError("no_chain", file=folder / CHAIN_FILE) from error
        return cls(key, chain)

    @property
    def root(self) -> x509.Certificate:
        """Whom nodes and the broker trust."""
        return self.chain[-1]

    def certify_node(
        self, request: x509.CertificateSigningRequest, now_ms: int, life: timedelta
    ) -> x509.Certificate:
        """A client's certificate for the name and key of `request`."""
        return self._certify(request.subject, request.public_key(), now_ms, life, ())

    def certify_client(
        self, name: str, key: ec.EllipticCurvePublicKey, now_ms: int, life: timedelta
    ) -> x509.Certificate:
        """A client's certificate for one of the centre's own programs."""
        return self._certify(_name(name), key, now_ms, life, ())

    def certify_server(
        self, names: Sequence[str], key: ec.EllipticCurvePublicKey, now_ms: int, life: timedelta
    ) -> x509.Certificate:
        """A server's certificate for these host names and addresses."""
        return self._certify(_name(names[0]), key, now_ms, life, names)

    def list_of_revoked(self, revoked: Iterable[Revoked], now_ms: int) -> bytes:
        """The list that brokers read (PEM), good for 30 days."""
        now = _time(now_ms)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.chain[0].subject)
            .last_update(now - _LATE_CLOCKS)
            .next_update(now + _LIST_LIFE)
            .add_extension(x509.CRLNumber(now_ms), critical=False)
            .add_extension(self._issuer_key_identifier(), critical=False)
        )
        for serial, at_ms in revoked:
            entry = x509.RevokedCertificateBuilder(serial, _time(at_ms)).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, _SHA256).public_bytes(Encoding.PEM)

    def _certify(
        self,
        who: x509.Name,
        key: object,
        now_ms: int,
        life: timedelta,
        server_names: Sequence[str],
    ) -> x509.Certificate:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise BadRequestError("the key is no EC key")
        use = ExtendedKeyUsageOID.SERVER_AUTH if server_names else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            _unsigned(who, self.chain[0].subject, key, now_ms, life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(self._issuer_key_identifier(), critical=False)
        )
        if server_names:
            alternatives = x509.SubjectAlternativeName([_general_name(n) for n in server_names])
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self._key, _SHA256)

    def _issuer_key_identifier(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())


def read_request(data: bytes, node: str) -> x509.CertificateSigningRequest:
    """Read a PKCS #10 (DER) whose only name is `node`, with an EC P-256 key that signed it.

    Raises BadRequestError.
    """
    try:
        request = x509.load_der_x509_csr(data)
        signed = request.is_signature_valid
        key, subject = request.public_key(), request.subject
    except Exception as error:  # strangers' bytes: the parser raises more than it documents
        raise BadRequestError(f"not a certificate request: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadRequestError("the key must be an EC key on P-256")
    if not signed:
        raise BadRequestError("the request is not signed by its own key")
    if subject != _name(node):
        raise BadRequestError(f"the request is for {subject.rfc4514_string()!r}, not CN={node}")
    return request


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as a file holds it: PKCS #8, PEM, without a passphrase."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _unsigned(
    who: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now_ms: int,
    life: timedelta,
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=who,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=_time(now_ms) - _LATE_CLOCKS,
        not_valid_after=_time(now_ms) + life,
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
