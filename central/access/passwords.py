"""Passwords, kept as Argon2id hashes with the parameters of RFC 9106 for servers that are small
(64 MiB, three passes)."""

import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


class Passwords:
    """Hashes and verifies; each takes 64 MiB, so let only a few do it at once.

    The parameters are for tests, which need not wait.
    """

    def __init__(self, memory_kib: int = 65_536, passes: int = 3) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=4, type=Type.ID
        )
        self._nobodys = self._hasher.hash("no account has this password")

    def hash(self, password: str) -> str:
        """The hash of a password, with its parameters and salt."""
        return self._hasher.hash(_normal(password))

    def fits(self, hashed: str | None, password: str) -> bool:
        """Whether a password is the hashed one; takes as long when there is none."""
        try:
            self._hasher.verify(hashed or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None


def fault_of(password: str, name: str) -> str | None:
    """The key of what is wrong with a new password, or None."""
    normal = unicodedata.normalize("NFC", password)
    if not SHORTEST_PASSWORD <= len(normal) <= LONGEST_PASSWORD:
        return "password_length"
    if name.casefold() in normal.casefold() or len(set(normal)) < 5:
        return "password_easy"
    return None


def _normal(password: str) -> bytes:
    """Keyboards write Vietnamese letters in one or in several characters."""
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")[:1024]
