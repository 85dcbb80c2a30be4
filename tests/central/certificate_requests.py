"""Requests for certificates as nodes make them, good and bad."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from contract.wire import VERSION, CertificateRequest
from runtime.enrolment import EnrolmentToken, fingerprint, proof_text

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pkcs10(node: str, key: Key) -> bytes:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
    request = x509.CertificateSigningRequestBuilder(who).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.DER)


def by_token(
    node: str, token: EnrolmentToken, key: Key | None = None, *, data: bytes | None = None
) -> CertificateRequest:
    data = data or pkcs10(node, key or new_key())
    return CertificateRequest(VERSION, node, data, token.public_key, token.proof(data))


def by_certificate(
    node: str, chain: tuple[bytes, ...], old_key: ec.EllipticCurvePrivateKey, data: bytes
) -> CertificateRequest:
    present = x509.load_der_x509_certificate(chain[0])
    proof = old_key.sign(proof_text(data), ec.ECDSA(hashes.SHA256()))
    return CertificateRequest(VERSION, node, data, fingerprint(present), proof)
