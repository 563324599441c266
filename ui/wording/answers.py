"""An answer's status, its reason and its suggestions, in words."""

from collections.abc import Iterable

from assistant import Reason, Status
from ui.wording.languages import language_name
from ui.wording.words import Language, say

_STATUSES: dict[Status, str] = {
    "answered": "status_answered",
    "partly": "status_partly",
    "unsure": "status_unsure",
    "not_in_documents": "status_not_in_documents",
}

_REASONS = {
    "empty": "reason_empty",
    "gibberish": "reason_gibberish",
    "small_talk": "reason_small_talk",
    "off_topic": "reason_off_topic",
    "not_said": "reason_not_said",
    "name_absent": "reason_name_absent",
    "no_number": "reason_no_number",
    "no_year": "reason_no_year",
    "no_date": "reason_no_date",
    "no_person": "reason_no_person",
    "no_place": "reason_no_place",
    "no_cause": "reason_no_cause",
    "language": "reason_language",
    "no_documents": "reason_no_documents",
    "unsure": "reason_unsure",
    "unread": "reason_unread",
}


def status_line(status: Status, language: Language) -> str:
    """Return the heading of an answer; "" for `no_question`, which has none."""
    key = _STATUSES.get(status)
    return "" if key is None else say(key, language)


def explain(reason: Reason, language: Language, part: str = "") -> str:
    """Return why a question isn't answered, or why one `part` of it isn't."""
    subject = language_name(reason.subject, language) if reason.code in ("language", "unread") else reason.subject
    sentence = say(_REASONS[reason.code], language, subject=subject)
    return say("reason_for_part", language, part=part, reason=sentence) if part else sentence


def nearest_line(status: Status, language: Language) -> str:
    """Return what stands above the nearest sentences of an answer: whether they may be the answer or are only related."""
    return say("answer_nearest" if status == "not_in_documents" else "answer_closest", language)


def suggest(topics: Iterable[str], language: Language) -> list[str]:
    """Return a question about each topic."""
    return [say("answer_suggested_question", language, topic=topic) for topic in topics]
