"""What the parsers of DOCX, PPTX and XLSX share: XML names, and the error that a malformed file raises."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lxml import etree

from corpus.containers.zips import BROKEN_ZIP
from corpus.errors import DocumentError
from corpus.names import printable

COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
EQUATION = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
"""The tag of an equation's text (Office Math)."""

MALFORMED = (*BROKEN_ZIP, AttributeError, LookupError, TypeError, etree.XMLSyntaxError)
"""What python-docx, python-pptx, openpyxl and lxml raise for malformed files, besides errors of their own."""

_LONGEST_REASON = 200


@contextmanager
def refusing_malformed(name: str, kind: str, program: str, *errors: type[Exception]) -> Iterator[None]:
    """Raise a DocumentError for a malformed file in place of any error in `MALFORMED` or `errors`.

    `kind` is what the file should be, such as "a DOCX"; `program` is what can save it again, such as "a word processor".
    """
    try:
        yield
    except (*MALFORMED, *errors) as error:
        reason = printable(f"{type(error).__name__}: {error}")[:_LONGEST_REASON]
        suffix = Path(name).suffix.lower()
        raise DocumentError(
            f"{name} is not {kind} file, or is broken ({reason}): open it in {program} and save it as {suffix} again."
        ) from None


def parse_part(part: bytes) -> etree._Element:
    """Return the root element of an XML part. Nothing is fetched, and no entity is expanded. Raises XMLSyntaxError."""
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))
