"""Everything that Quipu says in its own words, in English and in Spanish."""

from ui.wording.places import label, page_name, place, within
from ui.wording.read_summaries import notes_on, pages_counted, pages_listed, sentences_on
from ui.wording.words import (
    LANGUAGE_COOKIE,
    NAMED,
    Language,
    as_language,
    explain,
    language_name,
    language_of,
    listed,
    say,
    suggest,
)

__all__ = [
    "LANGUAGE_COOKIE",
    "NAMED",
    "Language",
    "as_language",
    "explain",
    "label",
    "language_name",
    "language_of",
    "listed",
    "notes_on",
    "page_name",
    "pages_counted",
    "pages_listed",
    "place",
    "say",
    "sentences_on",
    "suggest",
    "within",
]
