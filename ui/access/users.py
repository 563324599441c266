"""The users who may sign in with a password: `users.json` in the home, with Argon2id hashes and never a password."""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from filelock import FileLock

from assistant import SettingsError
from index import Home
from ui.visitor import Visitor

SHORTEST_PASSWORD = 12
"""Characters. NIST SP 800-63B-4 asks for 15 where a password is the only factor; here attempts are limited, too."""

LONGEST_NAME = 200
"""Characters of the name of a user or a group."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password. `hash` is an Argon2 hash, which includes its parameters."""

    hash: str
    operator: bool
    groups: tuple[str, ...]

    def as_visitor(self, name: str) -> Visitor:
        """Return the visitor that this user is."""
        return Visitor.operator(name) if self.operator else Visitor.reader(name, frozenset(self.groups))

    @property
    def digest(self) -> str:
        """A digest that changes with the password, which ends the sessions begun with the old one."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:16]


class Users:
    """The users of a home. Safe to use from several threads and processes; a change takes effect with the next request."""

    def __init__(self, home: Home) -> None:
        self._path = home.path / "users.json"
        self._hasher = PasswordHasher()

    def all(self) -> dict[str, User]:
        """Return the users by name. Raises SettingsError if the file can't be read."""
        try:
            users = json.loads(self._path.read_bytes())
            return {name: _user(values) for name, values in users.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(f"{self._path} can't be read ({error}): restore it from a backup.") from None

    def put(self, name: str, password: str, *, operator: bool, groups: Collection[str]) -> None:
        """Add a user, or replace the password, role and groups of one.

        Raises SettingsError if the name or the password can't be used.
        """
        check_name(name, "user")
        if ":" in name:
            raise SettingsError(f"The user's name '{name}' contains a colon, which can't be sent with a password. Choose another.")
        if len(password) < SHORTEST_PASSWORD:
            raise SettingsError(f"The password has {len(password)} characters; use at least {SHORTEST_PASSWORD}.")
        user = User(self._hasher.hash(password), operator, tuple(sorted(set(groups))))
        self._change(lambda users: users | {name: user})

    def remove(self, name: str) -> None:
        """Remove a user and end their sessions. Raises SettingsError if there is no user with this name."""
        if name not in self.all():
            raise SettingsError(f"There is no user '{name}': `quipu user list` lists them.")
        self._change(lambda users: {other: user for other, user in users.items() if other != name})

    def verify(self, name: str, password: str) -> User | None:
        """Return the user if this is their password, else None. Without such a user it takes just as long."""
        user = self.all().get(name)
        try:
            self._hasher.verify(user.hash if user else self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return user

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody")

    def _change(self, changed: Callable[[dict[str, User]], dict[str, User]]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_name("users.lock")):
                users = {name: asdict(user) for name, user in changed(self.all()).items()}
                write_secret(self._path, json.dumps(users, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            raise SettingsError(f"{self._path} can't be written: {error.strerror}.") from None


def _user(values: dict[str, Any]) -> User:
    """Return a user of the file. Raises KeyError or TypeError for malformed values, such as the text "false" for `operator`."""
    password, operator, groups = values["hash"], values["operator"], values["groups"]
    if not (isinstance(password, str) and isinstance(operator, bool) and isinstance(groups, list)):
        raise TypeError("a user has a value of the wrong type")
    return User(password, operator, tuple(map(str, groups)))


def check_name(name: str, what: str) -> None:
    """Check the name of a user or a group, which `what` says. Raises SettingsError if it can't be used."""
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable() or "," in name:
        raise SettingsError(
            f"The {what}'s name {name!r} can't be used: use up to {LONGEST_NAME} characters, no comma, and no space at either end."
        )


def checked_groups(names: Iterable[str]) -> list[str]:
    """Return the names of groups, each once. Raises SettingsError for one that can't be used."""
    groups = list(dict.fromkeys(names))
    for name in groups:
        check_name(name, "group")
    return groups


def write_secret(path: Path, data: bytes) -> None:
    """Write a file in one step, readable only by the user who runs Quipu. Raises OSError if it can't be written."""
    temporary = path.with_name(f".new-{path.name}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
