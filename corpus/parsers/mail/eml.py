"""E-mail (EML), read by the standard library: who wrote to whom, when, on what, and what they wrote. Nothing is fetched."""

import mimetypes
import re
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from itertools import groupby

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.parsers.text.plain import in_charset, parse_plain
from corpus.parsers.web.html import lay_fragment

_SHOWN = ("From", "To", "Cc", "Date")
_TELLING = ("From", "To", "Subject", "Date", "Received", "Message-ID")
_QUOTED = re.compile(r"^(?:>[ \t]?)+")
_FOLDER = re.compile(r"[/\\]")
_DEEPEST = 50  # parts within each other
_LONGEST_ENCODED = 100_000  # characters of a header: a longer one stands as it is, since its square is the time to decode it
_AS_IT_IS = default.clone(refold_source="none")


def parse_eml(data: bytes, name: str) -> Draft:
    """The subject is the heading and the title. Sender, receivers and date follow, a block each, as they are written; then the
    text.

    Of a text that is there twice the plain one is read, and the HTML if there is no other. What it quotes of earlier messages is
    kept, without the marks before the lines. Raises DocumentError for what is no e-mail.
    """
    message, draft = _parse(data, name), Draft()
    draft.title = _header(message, "Subject")
    draft.block(draft.title, 1)
    for header in _SHOWN:
        if value := _header(message, header):
            draft.block(f"{header}: {value}")
    for part in _texts(message):
        if part.get_content_subtype() == "html":
            lay_fragment(_text(part), draft)
        else:
            _lay_plain(_text(part), name, draft)
    return draft


def attachments(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """What is attached to an e-mail, each with a name that its sender chose, without a folder. A message in a message is an EML;
    pictures that are shown within its text are left out. Raises DocumentError for what is no e-mail.
    """
    return [(_name(part, number), _content(part)) for number, part in enumerate(_attached(_parse(data, name)), 1)]


def _parse(data: bytes, name: str) -> EmailMessage:
    try:
        message = message_from_bytes(data, policy=default)
    except RecursionError:
        raise DocumentError(f"{name} can't be read: its parts are nested too deep.") from None
    if not any(header in message for header in _TELLING):
        raise DocumentError(f"{name} is not an e-mail: it has no sender, receiver, subject or date.")
    level, depth = [message], 0
    while level := [part for parent in level if parent.is_multipart() for part in _parts(parent)]:
        depth += 1
        if depth > _DEEPEST:
            raise DocumentError(f"{name} can't be read: its parts are nested more than {_DEEPEST} deep.")
    return message


def _parts(message: EmailMessage) -> list[EmailMessage]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, EmailMessage)] if isinstance(payload, list) else []


def _header(message: EmailMessage, name: str) -> str:
    """A header on one line, decoded; as it stands if that fails. The standard library's parser of addresses isn't asked: it takes
    the square of a long list's length.
    """
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    value = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if len(value) <= _LONGEST_ENCODED:
        with suppress(LookupError, ValueError):
            value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _texts(part: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are shown as the message's text, in order."""
    if _is_attached(part):
        return
    if part.get_content_maintype() == "multipart":
        parts = _parts(part)
        if part.get_content_subtype() == "alternative":
            choices = [list(_texts(choice)) for choice in parts]
            told = [choice for choice in choices if any(map(str.isalnum, "".join(map(_text, choice))))]
            plain = [choice for choice in told if all(text.get_content_subtype() == "plain" for text in choice)]
            yield from (plain or told or [[]])[0]
            return
        for inner in parts:
            yield from _texts(inner)
    elif part.get_content_type() in ("text/plain", "text/html"):
        yield part


def _is_attached(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or _filename(part) != "" or part.get_content_maintype() == "message"


def _attached(part: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are files of their own."""
    if part.get_content_type() == "message/rfc822":
        yield part
    elif part.is_multipart():
        for inner in _parts(part):
            yield from _attached(inner)
    elif part.get_content_maintype() == "image" and "Content-ID" in part and part.get_content_disposition() != "attachment":
        return
    elif _is_attached(part) or part.get_content_maintype() not in ("text", "multipart"):
        yield part


def _text(part: EmailMessage) -> str:
    """The text of a part; in UTF-8, or the characters of Western Windows, if it isn't in the encoding that it claims."""
    data = _content(part)
    for charset in (part.get_content_charset("utf-8"), "utf-8"):
        try:
            return in_charset(data, charset).replace("\0", "")
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace").replace("\0", "")


def _content(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822" and (inner := _parts(part)):
        try:
            return inner[0].as_bytes(policy=_AS_IT_IS)
        except (AttributeError, LookupError, TypeError, ValueError):
            return inner[0].as_bytes(policy=compat32)
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _filename(part: EmailMessage) -> str:
    """The last part of the name that the sender gave, "" if there is none."""
    return " ".join(_FOLDER.split(part.get_filename("") or "")[-1].split())


def _name(part: EmailMessage, number: int) -> str:
    filename = _filename(part)
    if part.get_content_type() == "message/rfc822":
        inner = _parts(part)
        stem = filename or (_header(inner[0], "Subject") if inner else "") or f"message {number}"
        return f"{_FOLDER.sub('-', stem).removesuffix('.eml')}.eml"
    return filename or f"part {number}{mimetypes.guess_extension(part.get_content_type()) or '.bin'}"


def _lay_plain(text: str, name: str, draft: Draft) -> None:
    """Lay plain text down block by block; no block reaches from what is quoted into what is not."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    parted = [(line[: len(line) - len(rest)].count(">"), rest) for line in lines for rest in [_QUOTED.sub("", line, count=1)]]
    for _, group in groupby(parted, key=lambda line: line[0]):
        inner = parse_plain("\n".join(rest for _, rest in group).encode("utf-8", "replace"), name)
        for block in inner.blocks:
            draft.block(inner.text[block.start : block.end])
