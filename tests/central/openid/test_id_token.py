"""ID tokens that prove who somebody is, and the many that do not."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from central.access.openid.id_token import (
    SKEW_S,
    Expected,
    IdTokenError,
    KeySet,
    Person,
    person_of,
)
from tests.central.openid.signatures import (
    Claims,
    EcSigner,
    RsaSigner,
    base64,
    sign_with_secret,
    unsigned,
)

NOW_S = 1_795_000_000
EXPECTED = Expected("https://id.example.vn/realms/tinh", "thutu", "n-0S6_WzA2Mj")
RSA, OTHER_RSA, EC = RsaSigner(), RsaSigner(), EcSigner()
KEYS = [RSA.jwk(), EC.jwk()]
PEM = RSA.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims(**other: Any) -> Claims:
    """What a provider says of An; None leaves something out."""
    said = {
        "iss": EXPECTED.issuer,
        "sub": "an-1",
        "aud": EXPECTED.client_id,
        "exp": NOW_S + 300,
        "iat": NOW_S - 2,
        "nonce": EXPECTED.nonce,
    } | other
    return {name: value for name, value in said.items() if value is not None}


def judged(token: str, keys: list[Claims] | None = None) -> Person:
    return person_of(token, KeySet(KEYS if keys is None else keys), EXPECTED, NOW_S)


@pytest.mark.parametrize(
    "token",
    [
        RSA.sign(claims()),
        RSA.sign(claims(), alg="PS256"),
        EC.sign(claims()),
        RSA.sign(claims(aud=["thutu"])),
        RSA.sign(claims(aud=["thutu", "other"], azp="thutu")),
        RSA.sign(claims(exp=NOW_S - SKEW_S + 1)),
        RSA.sign(claims(iat=NOW_S + SKEW_S, nbf=NOW_S + SKEW_S)),
        RSA.sign(claims(iat=NOW_S - 0.5)),
        RSA.sign(claims(groups=["x" * 500] * 100), x5c=["M" * 2000], typ="JWT"),
    ],
)
def test_what_a_provider_signs_for_this_browser_now_is_believed(token: str) -> None:
    assert judged(token) == Person(EXPECTED.issuer, "an-1")


FORGED: dict[str, Callable[[], str]] = {
    "another's key of the same name": lambda: OTHER_RSA.sign(claims()),
    "a key in the header": lambda: OTHER_RSA.sign(claims(), jwk=OTHER_RSA.jwk()),
    "a key elsewhere": lambda: OTHER_RSA.sign(claims(), jku="https://evil.example/jwks"),
    "a key that nobody has": lambda: RSA.sign(claims(), kid="k9"),
    "none": lambda: unsigned({"alg": "none"}, claims()) + ".",
    "None": lambda: unsigned({"alg": "None", "kid": "k1"}, claims()) + ".",
    "the public key as a secret": lambda: sign_with_secret(PEM, claims(), kid="k1"),
    "the modulus as a secret": lambda: sign_with_secret(
        RSA.jwk()["n"].encode(), claims(), kid="k1"
    ),
    "nothing as a secret": lambda: sign_with_secret(b"", claims()),
    "another kind of key": lambda: RSA.sign(claims(), alg="ES256", kid="e1"),
    "another hash": lambda: RSA.sign(claims(), alg="RS512"),
    "claims put in afterwards": lambda: ".".join(
        (*unsigned({"alg": "RS256", "kid": "k1"}, claims(sub="b")).split("."), "AAAA")
    ),
    "an extension that must be understood": lambda: RSA.sign(claims(), crit=["exp"], exp=1),
    "no algorithm": lambda: RSA.sign(claims(), alg=None),
    "a number for an algorithm": lambda: RSA.sign(claims(), alg=5),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_is_forged_is_refused(how: str) -> None:
    with pytest.raises(IdTokenError):
        judged(FORGED[how]())


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "https://id.example.vn/realms/khac"},
        {"iss": EXPECTED.issuer + "/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": []},
        {"aud": None},
        {"aud": ["thutu", "other"]},
        {"aud": ["thutu", "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "another"},
        {"nonce": ""},
        {"nonce": None},
        {"nonce": EXPECTED.nonce + "á"},
        {"exp": NOW_S - SKEW_S},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": NOW_S + SKEW_S + 1},
        {"nbf": NOW_S + SKEW_S + 1},
        {"iat": NOW_S - 600 - SKEW_S - 1},
        {"iat": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "an\n1"},
    ],
)
def test_what_is_rightly_signed_and_not_for_us_now_is_refused(other: Claims) -> None:
    said = claims(**other)
    with pytest.raises(IdTokenError) as refused:
        judged(RSA.sign(said))
    assert said.get("nonce", "") == "" or said["nonce"] not in str(refused.value)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "a" * 200_000, "á.é.í", "\ud800", RSA.sign(claims())[:-9]]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(IdTokenError):
        judged(token)


@pytest.mark.parametrize(
    "keys", [[], [Claims()], [{"kty": "RSA", "kid": "k1"}], [{"kty": 7, "kid": 8}]]
)
def test_no_key_no_proof(keys: list[Claims]) -> None:
    with pytest.raises(IdTokenError):
        judged(RSA.sign(claims()), keys)


def test_keys_of_other_kinds_and_for_other_ends_do_not_matter() -> None:
    secret = {"kty": "oct", "kid": "k1", "k": base64(b"x" * 32)}
    broken = {"kty": "RSA", "kid": "k1", "n": 1}
    others: list[Claims] = [{"kty": "AKP", "kid": "k1", "pub": "x"}, secret, broken]
    assert judged(RSA.sign(claims()), [*others, RSA.jwk()]).subject == "an-1"
    for more in ({"use": "enc"}, {"alg": "PS256"}):
        with pytest.raises(IdTokenError):
            judged(RSA.sign(claims()), [RSA.jwk(**more)])
    with pytest.raises(IdTokenError):
        judged(sign_with_secret(b"x" * 32, claims(), kid="k1"), [secret])


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_short_key_proves_nothing() -> None:
    short = RsaSigner(bits=1024)
    with pytest.raises(IdTokenError):
        judged(short.sign(claims()), [short.jwk()])


def test_a_token_that_names_no_key_is_held_against_all() -> None:
    token = RSA.sign(claims(), kid=None)
    assert judged(token, [OTHER_RSA.jwk(), RSA.jwk(), EC.jwk()]).subject == "an-1"
    with pytest.raises(IdTokenError):
        judged(token, [OTHER_RSA.jwk(), EC.jwk()])


@pytest.mark.parametrize(
    ("verified", "email"),
    [(True, "an@example.vn"), (False, None), ("true", None), (1, None), (None, None)],
)
def test_an_address_counts_only_when_the_provider_has_verified_it(
    verified: object, email: str | None
) -> None:
    said = claims(email="an@example.vn", email_verified=verified)
    assert judged(RSA.sign(said)).email == email


def test_an_address_that_is_no_text_is_none() -> None:
    assert judged(RSA.sign(claims(email=["an@example.vn"], email_verified=True))).email is None
