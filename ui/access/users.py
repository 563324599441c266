"""Who may sign in with a password: `users.json` in the home. It holds hashes (Argon2id), never a password."""

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
from ui.access.visitor import Visitor

SHORTEST_PASSWORD = 12
"""Characters that a password has at least: NIST SP 800-63B-4 asks for 15 where nothing else is asked for; here tries are few."""

LONGEST_NAME = 200
"""Characters of a user's or a group's name."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password. `hash` is Argon2's, with its parameters in it."""

    hash: str
    operator: bool
    groups: tuple[str, ...]

    def as_visitor(self, name: str) -> Visitor:
        """Who they are when they ask."""
        return Visitor.operator(name) if self.operator else Visitor.reader(name, frozenset(self.groups))

    @property
    def digest(self) -> str:
        """What changes with the password: a session that was begun with another is over."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:16]


class Users:
    """The users of a home. Safe to use from several threads and processes; a change counts from the next request on."""

    def __init__(self, home: Home) -> None:
        self._path = home.path / "users.json"
        self._hasher = PasswordHasher()

    def all(self) -> dict[str, User]:
        """The users by name. Raises SettingsError if the file can't be read."""
        try:
            kept = json.loads(self._path.read_bytes())
            return {name: _user(user) for name, user in kept.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(f"{self._path} can't be read ({error}): restore it from a backup.") from None

    def put(self, name: str, password: str, *, operator: bool, groups: Collection[str]) -> None:
        """Enter a user, or give one another password, role and groups. Raises SettingsError for what can't be used."""
        check_name(name, "user")
        if ":" in name:
            raise SettingsError(f"The user's name '{name}' has a colon in it, which can't be sent with a password.")
        if len(password) < SHORTEST_PASSWORD:
            raise SettingsError(f"The password has {len(password)} characters; use {SHORTEST_PASSWORD} or more.")
        user = User(self._hasher.hash(password), operator, tuple(sorted(set(groups))))
        self._change(lambda users: users | {name: user})

    def remove(self, name: str) -> None:
        """Take a user out, whose sessions are over with it. Raises SettingsError if there is none of this name."""
        if name not in self.all():
            raise SettingsError(f"There is no user '{name}': `quipu user list` lists them.")
        self._change(lambda users: {other: user for other, user in users.items() if other != name})

    def verify(self, name: str, password: str) -> User | None:
        """The user, if that is their password. It takes as long whether there is such a user or not."""
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


def _user(kept: dict[str, Any]) -> User:
    """A user as the file has one. Raises KeyError or TypeError for what is none, such as an operator by the word "false"."""
    password, operator, groups = kept["hash"], kept["operator"], kept["groups"]
    if not (isinstance(password, str) and isinstance(operator, bool) and isinstance(groups, list)):
        raise TypeError("a user has values of other types")
    return User(password, operator, tuple(map(str, groups)))


def check_name(name: str, what: str) -> None:
    """Raises SettingsError unless this can be the name of a user or a group."""
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable() or "," in name:
        raise SettingsError(
            f"The {what}'s name {name!r} can't be used: up to {LONGEST_NAME} characters, no comma, no space at its ends."
        )


def checked_groups(names: Iterable[str]) -> list[str]:
    """The names of groups, each once. Raises SettingsError for one that can't be used."""
    groups = list(dict.fromkeys(names))
    for name in groups:
        check_name(name, "group")
    return groups


def write_secret(path: Path, data: bytes) -> None:
    """Put `data` at `path`, all at once, for the user alone that runs Quipu to read. Raises OSError if it can't be written."""
    temporary = path.with_name(f".new-{path.name}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
