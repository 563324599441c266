"""Tokens that another server signs for its users (JWT, RFC 7519), and what they are checked by."""

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
"""Seconds that a token may be good for."""

_LEEWAY = 10  # seconds that the clocks of two servers may differ
_SHORTEST_SECRET = 32  # bytes: as long as what HS256 makes (RFC 7518, section 3.2)
_WEAKEST_RSA = 2048  # bits (RFC 7518, section 3.3)


class TokenError(Exception):
    """A token that isn't good; why, in a few words."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: whose it is, in which groups they are, and until when it is good, in seconds since 1970."""

    name: str
    groups: frozenset[str]
    expires: int


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key with the one algorithm that it is for: what a token says of its own algorithm is never believed (RFC 8725)."""

    key: Any
    algorithm: str
    audience: str

    @classmethod
    def load(cls, path: Path, audience: str) -> Self:
        """The key in a file. Raises SettingsError if it can't be read, or is too weak."""
        try:
            data = path.read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"The token key {path} can't be read: {error.strerror}. See QUIPU_TOKEN_KEY.") from None
        if b"-----BEGIN" not in data:  # anywhere: what is before it, as a comment, makes a public key no secret
            if len(data) < _SHORTEST_SECRET:
                raise SettingsError(f"The secret in {path} has {len(data)} bytes; a token key needs {_SHORTEST_SECRET} or more.")
            return cls(_secret(data, path), "HS256", audience)
        try:
            key = load_pem_public_key(data)
        except (ValueError, UnsupportedAlgorithm):
            raise SettingsError(f"{path} holds no public key in PEM: the private one stays where tokens are signed.") from None
        if isinstance(key, RSAPublicKey) and key.key_size >= _WEAKEST_RSA:
            return cls(key, "RS256", audience)
        if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
            return cls(key, "ES256", audience)
        if isinstance(key, Ed25519PublicKey):
            return cls(key, "EdDSA", audience)
        raise SettingsError(f"The key in {path} can't be used: Quipu takes RSA of {_WEAKEST_RSA} bits or more, P-256 and Ed25519.")

    def claims(self, token: str) -> Claims:
        """What a token says. Raises TokenError unless it is signed with this key, for this audience, and good now."""
        required = ["sub", "aud", "iat", "exp"]
        try:
            said: Mapping[str, Any] = jwt.decode(
                token, self.key, algorithms=[self.algorithm], audience=self.audience, leeway=_LEEWAY, options={"require": required}
            )
            name, life, groups = said["sub"], int(said["exp"]) - int(said["iat"]), said.get("groups", [])
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise TokenError(f"The token is not good: {error}.") from None
        if life > LONGEST_LIFE:
            raise TokenError(f"The token is good for {life} seconds; at most {LONGEST_LIFE} are taken.")
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise TokenError("The token names no user.")
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise TokenError("The token's groups are no list of names.")
        return Claims(name, frozenset(groups), int(said["exp"]))


def _secret(data: bytes, path: Path) -> bytes:
    """The data as a shared secret. Raises SettingsError for what is a key of another form, which may be known to everybody."""
    try:
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(data)
    except jwt.InvalidKeyError:
        raise SettingsError(f"{path} holds no shared secret, and no public key in PEM: see QUIPU_TOKEN_KEY.") from None
