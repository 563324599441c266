"""Makes DOCX files with what python-docx can't write: notes."""

from collections.abc import Mapping

from docx.document import Document as DocxDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

_TYPES = {"footnote": RELATIONSHIP_TYPE.FOOTNOTES, "endnote": RELATIONSHIP_TYPE.ENDNOTES}


def paragraph(inner: str) -> str:
    return f"<w:p>{inner}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def reference(number: int, kind: str = "footnote", attributes: str = "") -> str:
    return f'<w:r><w:{kind}Reference w:id="{number}" {attributes}/></w:r>'


def add_xml(report: DocxDocument, xml: str) -> None:
    """Put paragraphs or a table, written as XML, at the document's end."""
    holder = parse_xml(f"<w:body {nsdecls('w')}>{xml}</w:body>")
    for element in list(holder):
        report.element.body.insert(len(report.element.body) - 1, element)


def add_notes(report: DocxDocument, notes: Mapping[int, str], kind: str = "footnote") -> None:
    """Give the document the part with its notes: paragraphs, written as XML, by their ids."""
    separator = f'<w:{kind} w:type="separator" w:id="-1"><w:p>{run("never read")}</w:p></w:{kind}>'
    inner = "".join(f'<w:{kind} w:id="{number}">{xml}</w:{kind}>' for number, xml in notes.items())
    blob = f"<w:{kind}s {nsdecls('w')}>{separator}{inner}</w:{kind}s>".encode()
    content_type = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}s+xml"
    part = Part(PackURI(f"/word/{kind}s.xml"), content_type, blob, report.part.package)
    report.part.relate_to(part, _TYPES[kind])
