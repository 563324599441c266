"""Everything that Quipu says in its own words, in English and in Spanish.

The sentences themselves are in `en.json` and `es.json`.
"""

from ui.wording.answers import explain, nearest_line, status_line, suggest
from ui.wording.languages import LANGUAGE_COOKIE, as_language, language_name, language_of, other_language
from ui.wording.places import label, page_name, place, within
from ui.wording.read_summaries import notes_on, pages_counted, pages_listed, sentences_on
from ui.wording.words import MOST_NAMED, Language, listed, say, scripted

__all__ = [
    "LANGUAGE_COOKIE",
    "MOST_NAMED",
    "Language",
    "as_language",
    "explain",
    "label",
    "language_name",
    "language_of",
    "listed",
    "nearest_line",
    "notes_on",
    "other_language",
    "page_name",
    "pages_counted",
    "pages_listed",
    "place",
    "say",
    "scripted",
    "sentences_on",
    "status_line",
    "suggest",
    "within",
]
