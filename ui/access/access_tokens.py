"""Tokens that another server signs for its users (JWT, RFC 7519), and the key that checks them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import HMACAlgorithm

from assistant import SettingsError
from ui.access.users import LONGEST_NAME

LONGEST_LIFE = 3600
"""Seconds that a token may be valid for, at most."""

_LEEWAY = 10  # seconds by which the clocks of two servers may differ
_SHORTEST_SECRET = 32  # bytes: the length of a SHA-256 hash, as HS256 requires (RFC 7518, section 3.2)
_WEAKEST_RSA = 2048  # bits (RFC 7518, section 3.3)


class TokenError(Exception):
    """A token is not good; the message says why."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: its user, the groups they are in, and when it expires, in seconds since 1970."""

    name: str
    groups: frozenset[str]
    expires: int


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key with the one algorithm that it is used for: the algorithm that a token names is never believed (RFC 8725)."""

    key: Any
    algorithm: str
    audience: str

    @classmethod
    def load(cls, path: Path, audience: str) -> Self:
        """Read the key in a file. Raises SettingsError if it can't be read or is too weak."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SettingsError(f"The token key {path} can't be read: {error.strerror}. See QUIPU_TOKEN_KEY.") from None
        if b"-----BEGIN" not in data:  # anywhere: a public key is no secret, even below a comment
            secret = _secret(data, path)
            if len(secret) < _SHORTEST_SECRET:
                raise SettingsError(f"The secret in {path} has {len(secret)} bytes; a token key needs at least {_SHORTEST_SECRET}.")
            return cls(secret, "HS256", audience)
        try:
            key = load_pem_public_key(data.strip())
        except (ValueError, UnsupportedAlgorithm):
            raise SettingsError(
                f"{path} is not a public key in PEM format; the private key stays where tokens are signed."
            ) from None
        if isinstance(key, RSAPublicKey) and key.key_size >= _WEAKEST_RSA:
            return cls(key, "RS256", audience)
        if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
            return cls(key, "ES256", audience)
        if isinstance(key, Ed25519PublicKey):
            return cls(key, "EdDSA", audience)
        raise SettingsError(f"The key in {path} can't be used: Quipu takes RSA of {_WEAKEST_RSA} bits or more, P-256 and Ed25519.")

    def claims(self, token: str) -> Claims:
        """Return what a token says. Raises TokenError unless it is signed with this key for this audience, and valid now."""
        required = ["sub", "aud", "iat", "exp"]
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, self.key, algorithms=[self.algorithm], audience=self.audience, leeway=_LEEWAY, options={"require": required}
            )
            name, life, groups = claims["sub"], int(claims["exp"]) - int(claims["iat"]), claims.get("groups", [])
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise TokenError(f"The token is not good: {error}.") from None
        if life > LONGEST_LIFE:
            raise TokenError(f"The token is valid for {life} seconds; Quipu accepts at most {LONGEST_LIFE}.")
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise TokenError("The token does not name a user.")
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise TokenError("The token's groups are not a list of names.")
        return Claims(name, frozenset(groups), int(claims["exp"]))


def _secret(data: bytes, path: Path) -> bytes:
    """Return the data as a shared secret. Raises SettingsError for a key in another format, which may be public."""
    try:  # before blanks are removed: the last byte of a DER key may be one
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(data)
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(data.strip())
    except jwt.InvalidKeyError:
        raise SettingsError(f"{path} holds neither a shared secret nor a public key in PEM format: see QUIPU_TOKEN_KEY.") from None
