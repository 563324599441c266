"""What the readers of DOCX, PPTX and XLSX share: names in their XML, and what is said of a broken file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lxml import etree

from corpus.archive import BROKEN_ZIP
from corpus.errors import DocumentError
from corpus.names import printable

COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
EQUATION = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
"""The text of an equation."""

BROKEN = (*BROKEN_ZIP, AttributeError, LookupError, TypeError, etree.XMLSyntaxError)
"""What python-docx, python-pptx, openpyxl and lxml raise for files that aren't as they should be, besides errors of their own."""

_LONGEST_REASON = 200


@contextmanager
def whole(name: str, kind: str, program: str, *broken: type[Exception]) -> Iterator[None]:
    """Whatever of `BROKEN` or `broken` is raised within, is raised as a DocumentError: the file is not `kind`, and `program` is to
    save it again.
    """
    try:
        yield
    except (*BROKEN, *broken) as error:
        reason = printable(f"{type(error).__name__}: {error}")[:_LONGEST_REASON]
        ending = Path(name).suffix.lower()
        raise DocumentError(
            f"{name} is not {kind} file, or is broken ({reason}): open it in {program} and save it as {ending} again."
        ) from None


def parsed(part: bytes) -> etree._Element:
    """The root of a part that is XML. Nothing is fetched, and no entity is put in. Raises XMLSyntaxError."""
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))
