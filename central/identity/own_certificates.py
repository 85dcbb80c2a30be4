"""The certificates of the centre's own programs: its link, and its broker. Their keys stay."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from central.identity.registrar import CERTIFICATE_LIFE
from runtime.authority import MOST_NAME_LETTERS, Authority, AuthorityError, key_pem
from runtime.private_file import write_private

CENTRE_NAME = "thutu-centre"
_CENTRE = "centre"
_BROKER = "broker"
OWN_FILES = (f"{_BROKER}.pem", f"{_CENTRE}.pem")
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Without a last part of digits alone: that is an address with a typing error.
_HOST_NAME = re.compile(rf"(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}")


def issue_own(folder: Path, authority: Authority, broker_names: Sequence[str], now_ms: int) -> None:
    """Write `centre.pem` and `centre.key` for the centre's link, and `broker.pem` and `broker.key`
    for a broker of these host names and addresses. Raises AuthorityError and OSError."""
    issue_broker(folder, authority, broker_names, now_ms)
    _write(folder, _CENTRE, authority, (), now_ms)


def issue_broker(
    folder: Path, authority: Authority, broker_names: Sequence[str], now_ms: int
) -> None:
    """Write `broker.pem` anew, for these host names and addresses instead of those it had; its key
    stays. Raises AuthorityError and OSError."""
    check_broker_names(broker_names)
    _write(folder, _BROKER, authority, broker_names, now_ms)


def check_broker_names(names: Sequence[str]) -> None:
    """Raise AuthorityError for the first that is neither a host name nor an address."""
    for name in names:
        if not is_broker_name(name):
            raise AuthorityError("bad_broker_name", name=name, most=MOST_NAME_LETTERS)


def is_broker_name(name: str) -> bool:
    """Whether it is a host name or an address, so that a broker can have a certificate for it."""
    return _is_address(name) or _is_host_name(name)


def renew_own(folder: Path, authority: Authority, now_ms: int) -> list[str]:
    """Renew those that are past half of their life, or, after the clock was put back, would only
    begin in the future; returns which.

    Raises AuthorityError and OSError.
    """
    renewed = []
    for which in (_CENTRE, _BROKER):
        file = folder / f"{which}.pem"
        if not file.exists():
            continue
        present = x509.load_pem_x509_certificate(file.read_bytes())
        begins = present.not_valid_before_utc
        half = begins + CERTIFICATE_LIFE / 2
        if not begins.timestamp() * 1000 <= now_ms <= half.timestamp() * 1000:
            _write(folder, which, authority, _server_names(present), now_ms)
            renewed.append(which)
    return renewed


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_host_name(name: str) -> bool:
    return len(name) <= MOST_NAME_LETTERS and _HOST_NAME.fullmatch(name) is not None


def _write(
    folder: Path, which: str, authority: Authority, server_names: Sequence[str], now_ms: int
) -> None:
    key = _key(folder / f"{which}.key")
    if server_names:
        public = key.public_key()
        issued = authority.certify_server(server_names, public, now_ms, CERTIFICATE_LIFE)
    else:
        issued = authority.certify_client(CENTRE_NAME, key.public_key(), now_ms, CERTIFICATE_LIFE)
    chain = (issued, *authority.chain[:-1])
    data = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    write_private(folder / f"{which}.pem", data, 0o644)


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    if not file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(file, key_pem(key))
        return key
    found = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise AuthorityError("no_ec_key", file=file)
    return found


def _server_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]
