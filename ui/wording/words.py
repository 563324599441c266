"""The words of the screens: `say` gives a sentence of `en.json` or `es.json` by its key, with values filled in.

Keys are written out wherever they are used, never put together from parts, so that a search for a key finds all its uses.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "es"]
"""A language that Quipu speaks to its readers."""

MOST_NAMED = 3
"""Documents, or errors, that a message lists before it only counts the rest."""


def say(key: str, language: Language, **values: object) -> str:
    """Return the sentence for `key` with its {placeholders} filled in. Raises KeyError if the key or a value is missing."""
    return _sentences(language)[key].format(**values)


def scripted(keys: Iterable[str], language: Language) -> dict[str, str]:
    """Return the sentences for these keys with their {placeholders} left in, for a script that fills them in itself."""
    sentences = _sentences(language)
    return {key: sentences[key] for key in keys}


def listed(names: Sequence[str], language: Language) -> str:
    """Return the first names in a row, and how many more there are.

    >>> listed(["a.pdf", "b.pdf"], "en"), listed([*"abcdef"], "es")
    ('a.pdf, b.pdf', 'a, b, c y 3 más')
    """
    first, more = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
    return first if more <= 0 else say("names_and_more", language, names=first, count=more)


@cache
def _sentences(language: Language) -> Mapping[str, str]:
    sentences: dict[str, str] = json.loads((files("ui.wording") / f"{language}.json").read_text(encoding="utf-8"))
    return sentences
