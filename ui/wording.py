"""Everything that Quipu says in its own words, in English and in Spanish."""

from typing import Literal, get_args

from assistant import Citation, Reason

Language = Literal["en", "es"]

_WORDS: dict[str, dict[Language, str]] = {
    "documents": {"en": "Documents", "es": "Documentos"},
    "other_code": {"en": "es", "es": "en"},
    "other_language": {"en": "Español", "es": "English"},
    "ask": {"en": "Ask the documents a question", "es": "Haga una pregunta a los documentos"},
    "send": {"en": "Ask", "es": "Preguntar"},
    "answers_from": {"en": "Answers come from", "es": "Las respuestas salen de"},
    "and_more": {"en": "and {count} more", "es": "y {count} más"},
    "promise": {
        "en": "Every answer is the document's own sentences. A number opens the document at that place.",
        "es": "Cada respuesta son frases del propio documento. Un número abre el documento en ese lugar.",
    },
    "suggested": {"en": "What do the documents say about {topic}?", "es": "¿Qué dicen los documentos sobre {topic}?"},
    "searched": {"en": "Searched for: {query}", "es": "Se buscó: {query}"},
    "sources": {"en": "Sources", "es": "Fuentes"},
    "nearest": {"en": "Related, but not an answer:", "es": "Relacionado, pero no es una respuesta:"},
    "you_could_ask": {"en": "You could ask:", "es": "Podría preguntar:"},
    "page": {"en": "Page {label}", "es": "Página {label}"},
    "page_without_text": {"en": "no text", "es": "sin texto"},
    "back": {"en": "Ask a question", "es": "Hacer una pregunta"},
    "quote_not_found": {
        "en": "The quoted passage is not in this document any more. The document is shown from its beginning.",
        "es": "El pasaje citado ya no está en este documento. Se muestra el documento desde el principio.",
    },
    "no_document": {"en": "There is no such document.", "es": "No existe ese documento."},
    "empty": {
        "en": "Type a question, and it is looked up in the documents.",
        "es": "Escriba una pregunta y se buscará en los documentos.",
    },
    "gibberish": {
        "en": "That does not read as a question. Try it in plain words.",
        "es": "Eso no parece una pregunta. Pruebe con palabras sencillas.",
    },
    "small_talk": {
        "en": "Hello. Ask something, and it is looked up in the documents.",
        "es": "Hola. Haga una pregunta y se buscará en los documentos.",
    },
    "off_topic": {"en": "These documents do not answer that.", "es": "Estos documentos no responden a eso."},
    "name_absent": {
        "en": "These documents do not answer that: “{subject}” does not appear in them.",
        "es": "Estos documentos no responden a eso: «{subject}» no aparece en ellos.",
    },
    "no_number": {
        "en": "These documents do not answer that: they give no number for it.",
        "es": "Estos documentos no responden a eso: no dan ninguna cifra.",
    },
    "no_year": {
        "en": "These documents do not answer that: they name no year for it.",
        "es": "Estos documentos no responden a eso: no indican ningún año.",
    },
    "no_documents": {"en": "There is no document to look in.", "es": "No hay ningún documento donde buscar."},
}


def language_for(accept_language: str | None) -> Language:
    """English or Spanish, whichever a browser's Accept-Language header prefers; English if it names neither."""
    weighted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), place, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((as_language(tag) for _, _, tag in sorted(weighted) if tag in get_args(Language)), "en")


def as_language(code: str) -> Language:
    """The language of the words for text in the language `code`."""
    return "es" if code == "es" else "en"


def say(key: str, language: Language, **values: object) -> str:
    """The words for `key`, with `values` put in."""
    return _WORDS[key][language].format(**values)


def explain(reason: Reason, language: Language) -> str:
    """A reason in words."""
    return say(reason.code, language, subject=reason.subject)


def suggest(topics: tuple[str, ...], language: Language) -> list[str]:
    """Topics as questions."""
    return [say("suggested", language, topic=topic) for topic in topics]


def place(citation: Citation) -> str:
    """Where a citation stands: its document's title, its headings, and its page."""
    return " · ".join(part for part in (citation.title, within(citation)) if part)


def within(citation: Citation) -> str:
    """Where a citation stands in its document: its headings and its page; "" in a text without either."""
    return " · ".join(part for part in (" › ".join(citation.heading_path), citation.label) if part)
