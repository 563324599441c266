"""E-mail (EML), parsed by the standard library: the sender, recipients, date, subject and text. Nothing is fetched."""

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
from corpus.parsers.text.charset import decode_as
from corpus.parsers.text.plain import parse_plain
from corpus.parsers.web.html import append_fragment

_SHOWN_HEADERS = ("From", "To", "Cc", "Date")
_EXPECTED_HEADERS = ("From", "To", "Subject", "Date", "Received", "Message-ID")
_QUOTE_MARKS = re.compile(r"^(?:>[ \t]?)+")
_FOLDER = re.compile(r"[/\\]")
_DEEPEST = 50  # nested parts
_LONGEST_ENCODED = 100_000  # characters of a header: a longer one isn't decoded, since that takes quadratic time
_UNFOLDED = default.clone(refold_source="none")


def parse_eml(data: bytes, name: str) -> Draft:
    """Parse an e-mail. The subject is its heading and title; sender, recipients and date follow, a block each, and then the text.

    Of alternative versions of a text, the plain one is used, or the HTML if there is no plain one. Quoted earlier messages are
    kept, without the quote marks before their lines. Raises DocumentError if the file is not an e-mail.
    """
    message, draft = _parse(data, name), Draft()
    draft.title = _header(message, "Subject")
    draft.block(draft.title, 1)
    for header in _SHOWN_HEADERS:
        if value := _header(message, header):
            draft.block(f"{header}: {value}")
    for part in _texts(message):
        if part.get_content_subtype() == "html":
            append_fragment(_text(part), draft)
        else:
            _append_plain(_text(part), name, draft)
    return draft


def attachments(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """Return the files attached to an e-mail, as (name, content).

    A name is the sender's, without folders, or else numbered. An attached message is an EML; pictures shown within the text are
    left out. Raises DocumentError if the file is not an e-mail.
    """
    return [(_name(part, number), _content(part)) for number, part in enumerate(_attached(_parse(data, name)), 1)]


def _parse(data: bytes, name: str) -> EmailMessage:
    try:
        message = message_from_bytes(data, policy=default)
    except RecursionError:
        raise DocumentError(f"{name} can't be read: its parts are nested too deep.") from None
    if not any(header in message for header in _EXPECTED_HEADERS):
        raise DocumentError(f"{name} is not an e-mail: it has no sender, recipient, subject or date.")
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
    """Return a header decoded and on one line; as it is written if it can't be decoded.

    The standard library's address parser is avoided: on a long list of addresses it takes quadratic time.
    """
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    value = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if len(value) <= _LONGEST_ENCODED:
        with suppress(LookupError, ValueError):
            value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _texts(part: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts shown as the message's text, in order."""
    if _is_attached(part):
        return
    if part.get_content_maintype() == "multipart":
        parts = _parts(part)
        if part.get_content_subtype() == "alternative":
            choices = [list(_texts(choice)) for choice in parts]
            readable = [choice for choice in choices if any(map(str.isalnum, "".join(map(_text, choice))))]
            plain = [choice for choice in readable if all(text.get_content_subtype() == "plain" for text in choice)]
            yield from (plain or readable or [[]])[0]
            return
        for inner in parts:
            yield from _texts(inner)
    elif part.get_content_type() in ("text/plain", "text/html"):
        yield part


def _is_attached(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or _filename(part) != "" or part.get_content_maintype() == "message"


def _attached(part: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts that are files of their own."""
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
    """Return a part's text, in its declared character set, or else UTF-8, or else Windows-1252."""
    data = _content(part)
    for charset in (part.get_content_charset("utf-8"), "utf-8"):
        try:
            return decode_as(data, charset).replace("\0", "")
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace").replace("\0", "")


def _content(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822" and (inner := _parts(part)):
        try:
            return inner[0].as_bytes(policy=_UNFOLDED)
        except (AttributeError, LookupError, TypeError, ValueError):
            return inner[0].as_bytes(policy=compat32)
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _filename(part: EmailMessage) -> str:
    """Return the last component of the name that the sender gave; "" if there is none."""
    return " ".join(_FOLDER.split(part.get_filename("") or "")[-1].split())


def _name(part: EmailMessage, number: int) -> str:
    """Return an attachment's name: the sender's, a message's subject, or one made from `number`."""
    filename = _filename(part)
    if part.get_content_type() == "message/rfc822":
        inner = _parts(part)
        stem = filename or (_header(inner[0], "Subject") if inner else "") or f"message {number}"
        return f"{_FOLDER.sub('-', stem).removesuffix('.eml')}.eml"
    return filename or f"part {number}{mimetypes.guess_extension(part.get_content_type()) or '.bin'}"


def _append_plain(text: str, name: str, draft: Draft) -> None:
    """Append plain text block by block. No block extends from quoted into unquoted text, or between levels of quoting."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    quoted = [(line[: len(line) - len(rest)].count(">"), rest) for line in lines for rest in [_QUOTE_MARKS.sub("", line, count=1)]]
    for _, group in groupby(quoted, key=lambda line: line[0]):
        inner = parse_plain("\n".join(rest for _, rest in group).encode("utf-8", "replace"), name)
        for block in inner.blocks:
            draft.block(inner.text[block.start : block.end])
