"""The files of a node's identity: its key, which never leaves the machine, and its certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
from cryptography.x509.oid import NameOID

from runtime.enrolment import fingerprint, proof_text
from runtime.private_file import write_private

CERTIFICATE_FILE = "node.pem"
ROOT_FILE = "ca.pem"
_SHA256 = hashes.SHA256()


class IdentityError(Exception):
    """Files that cannot be used, or an answer that is not for us; what was there is there still."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A new key's request (PKCS #10), kept until it is answered."""

    key: ec.EllipticCurvePrivateKey
    request: x509.CertificateSigningRequest

    @property
    def data(self) -> bytes:
        """The request as it is sent (DER)."""
        return self.request.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class Held:
    """The certificate in use and its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 over the certificate."""
        return fingerprint(self.certificate)

    def proof(self, request: bytes) -> bytes:
        """The certified key's signature over a further request (DER)."""
        return self.key.sign(proof_text(request), ec.ECDSA(_SHA256))


class IdentityFolder:
    """`node.pem` (key, certificate, and what is between it and the root), `ca.pem` (the root) and,
    while an answer is awaited, `asking.pem`. Each is replaced as a whole."""

    def __init__(self, folder: Path, node: str) -> None:
        self.certificate_file = folder / CERTIFICATE_FILE
        self.root_file = folder / ROOT_FILE
        self._asking_file = folder / "asking.pem"
        self._node = node

    def held(self) -> Held | None:
        """What is in use; None before enrolment. Raises IdentityError."""
        data = _read(self.certificate_file)
        if data is None:
            return None
        try:
            return Held(_key(data), x509.load_pem_x509_certificate(data))
        except ValueError as error:
            raise IdentityError(f"{self.certificate_file} cannot be used: {error}") from error

    def asking(self) -> Asking:
        """The request that waits for its answer, or one for a new key. Raises IdentityError."""
        data = _read(self._asking_file)
        if data is not None:
            try:
                return Asking(_key(data), x509.load_pem_x509_csr(data))
            except ValueError:
                self.forget_asking()  # nothing was granted for it
        key = ec.generate_private_key(ec.SECP256R1())
        who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._node)])
        request = x509.CertificateSigningRequestBuilder(who).sign(key, _SHA256)
        self._write(self._asking_file, _pem(key) + request.public_bytes(Encoding.PEM))
        return Asking(key, request)

    def forget_asking(self) -> None:
        """The next request is for a new key. Raises IdentityError."""
        try:
            self._asking_file.unlink(missing_ok=True)
        except OSError as error:
            raise IdentityError(f"{self._asking_file}: {error.strerror}") from error

    def take(self, chain: Sequence[bytes], root_fingerprint: bytes) -> bool:
        """Put the answered certificate in use, if it is ours and from the root of this fingerprint.

        Returns whether it is a new one: the centre may answer with the one in use. Raises
        IdentityError, and then nothing has changed.
        """
        certificates = _checked(chain, root_fingerprint)
        own, *between, root = certificates
        held = self.held()
        if held is not None and own == held.certificate:
            self.forget_asking()
            return False
        asking = self.asking()
        if own.public_key() != asking.key.public_key():
            raise IdentityError("the certificate is for another key than ours")
        if own.subject != asking.request.subject:
            raise IdentityError(f"the certificate is for {own.subject.rfc4514_string()}")
        pems = [certificate.public_bytes(Encoding.PEM) for certificate in (own, *between)]
        self._write(self.root_file, root.public_bytes(Encoding.PEM))
        self._write(self.certificate_file, _pem(asking.key) + b"".join(pems))
        self.forget_asking()
        return True

    def root(self) -> bytes:
        """The fingerprint of the root we trust. Raises IdentityError."""
        data = _read(self.root_file)
        if data is None:
            raise IdentityError(f"{self.root_file} is missing; enrol anew")
        try:
            return fingerprint(x509.load_pem_x509_certificate(data))
        except ValueError as error:
            raise IdentityError(f"{self.root_file} cannot be used: {error}") from error

    def _write(self, file: Path, data: bytes) -> None:
        try:
            write_private(file, data)
        except OSError as error:
            raise IdentityError(f"{file}: {error.strerror}") from error


def _checked(chain: Sequence[bytes], root_fingerprint: bytes) -> list[x509.Certificate]:
    """A node's certificate and its authorities, each issued by the next, the last by itself."""
    try:
        certificates = [x509.load_der_x509_certificate(data) for data in chain]
        _node, *authorities = certificates
        for issued, issuer in zip(certificates, (*authorities, certificates[-1]), strict=True):
            issued.verify_directly_issued_by(issuer)
        limits = [
            authority.extensions.get_extension_for_class(x509.BasicConstraints).value
            for authority in authorities
        ]
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise IdentityError(f"the answer is no chain of certificates: {error}") from error
    if not limits or not all(limit.ca for limit in limits):
        raise IdentityError("the answer is signed by someone who is no authority")
    if fingerprint(certificates[-1]) != root_fingerprint:
        raise IdentityError("the answer comes from another authority than the token names")
    return certificates


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an EC key")  # noqa: TRY004 - what is wrong is the file, not the caller
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IdentityError(f"{file} cannot be read: {error.strerror}") from error
