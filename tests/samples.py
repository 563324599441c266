"""A small whole file of every format that is read, each with all that its reader looks for."""

import io
import re
import zipfile
from email.message import EmailMessage
from functools import cache

import docx
from openpyxl import Workbook
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

from tests.made import HEIGHT, LEADING, REPORT, TOP, WIDTH, docx_bytes
from tests.made_epub import epub, link, nav, page, toc
from tests.made_word import add_notes, add_xml, paragraph, reference, run

ROWS = [("Region", "2020", "2021"), ("Loreto", "398", "412"), ("Ucayali", "55", "61.5"), ("Madre de Dios", "7", "(12)")]


@cache
def samples() -> dict[str, bytes]:
    """The files by their names; the same bytes each time."""
    return {
        "report.txt": REPORT.encode(),
        "report.md": _MARKDOWN.encode(),
        "report.html": _HTML.encode(),
        "report.csv": "\n".join(";".join(row) for row in ROWS).encode(),
        "report.tsv": "\n".join("\t".join(row) for row in ROWS).encode("utf-16"),
        "report.eml": _mail(),
        "report.pdf": _pdf(),
        "report.docx": _steady(_docx()),
        "report.pptx": _steady(_pptx()),
        "report.xlsx": _steady(_xlsx()),
        "report.epub": _steady(_epub()),
    }


_TABLE = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)

_HTML = f"""<!doctype html><html lang=en><head><title>Forests</title><style>p {{color: red}}</style></head><body>
<h1>Forests of the North</h1><p>The ministry counted <b>412</b> illegal saw&shy;mills<sup>3</sup> &amp; closed few.</p>
<table><caption>Sawmills by region</caption><thead><tr><th>Region<th colspan=2>Sawmills</thead>{_TABLE}</table>
<ul><li>One<li>Two <ol><li>nested</ol></ul><figure><img src="http://localhost:1/x.png"><figcaption>A mill</figcaption></figure>
<table role=presentation><tr><td><table><tr><td>nested<td>table</table></table><script>alert(1)</script></body></html>"""

_MARKDOWN = """# Forests of the North

The ministry counted **412** illegal sawmills[^1], `few` were [closed](http://localhost:1/).

| Region | 2020 | 2021 |
|--------|-----:|-----:|
| Loreto | 398  | 412  |

* One
  1. nested

> quoted

[^1]: In the north.

<div><p>HTML within</p></div>
"""


def _mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Rosa Marañón <rosa@example.org>", "olga@example.org, pedro@example.org"
    message["Subject"], message["Date"] = "Forests of the North: señales", "Tue, 02 Nov 2021 10:00:00 -0500"
    message.set_content("The ministry counted 412 illegal sawmills.\n\n> How many?\n> > Nobody knows.\n")
    message.add_alternative(_HTML, subtype="html")
    message.add_attachment(REPORT, filename="forests.txt")
    message.add_attachment(_steady(_docx()), maintype="application", subtype="octet-stream", filename="../señales.docx")
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("A message in a message.")
    message.add_attachment(inner)
    for number, part in enumerate(part for part in message.walk() if part.get_content_maintype() == "multipart"):
        part.set_boundary(f"part {number}")
    return message.as_bytes()


def _steady(data: bytes) -> bytes:
    """A zip without the time at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as steady:
        for name in archive.namelist():
            content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2021-11-02T10:00:00Z", archive.read(name))
            content = _steady(content) if content.startswith(b"PK") else content
            steady.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _pdf() -> bytes:
    """Not compressed, so that a changed byte changes what it says."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=0)
    canvas.setTitle("Forests of the North")
    canvas.addPageLabel(0, style="ROMAN_LOWER", start=1)
    for number in range(1, 4):
        canvas.setFont("Helvetica", 9)
        canvas.drawCentredString(WIDTH / 2, HEIGHT - 20, "The forests, a report")
        canvas.drawCentredString(WIDTH / 2, 20, str(number))
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(30, TOP, f"{number} Sawmills and their long-")
        canvas.setFont("Helvetica", 10)
        for place, line in enumerate(REPORT.splitlines(), 2):
            canvas.drawString(30, TOP - LEADING * place, line)
        for place, row in enumerate(ROWS, 16):
            canvas.drawString(30, TOP - LEADING * place, row[0])
            for column, cell in enumerate(row[1:], 2):
                canvas.drawRightString(110 * column, TOP - LEADING * place, cell)
        canvas.bookmarkPage(f"p{number}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _docx() -> bytes:
    report = docx.Document()
    report.core_properties.title = "Forests of the North"
    report.add_heading("Sawmills", 1)
    report.add_paragraph("The ministry counted 412 illegal sawmills in 2021.")
    report.add_paragraph("One", style="List Bullet")
    table = report.add_table(0, 3)
    for row in ROWS:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    table.cell(1, 1).merge(table.cell(2, 1))
    add_xml(report, paragraph(run("Few were closed.") + reference(2)))
    add_notes(report, {2: paragraph(run("In the north."))})
    return docx_bytes(report)


def _pptx() -> bytes:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Forests of the North"
    slide.placeholders[1].text = "412 illegal sawmills\nFew were closed"
    slide.notes_slide.notes_text_frame.text = "Say that the trucks were returned."
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    shape = slide.shapes.add_table(len(ROWS), len(ROWS[0]), Inches(1), Inches(2), Inches(6), Inches(2))
    for number, row in enumerate(ROWS):
        for column, text in enumerate(row):
            shape.table.cell(number, column).text = text
    shape.table.cell(1, 0).merge(shape.table.cell(2, 0))
    data = CategoryChartData()
    data.categories = ["2020", "2021"]
    data.add_series("Sawmills", (398, 412))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(4), Inches(6), Inches(3), data)
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1)).text_frame.text = "In a group"
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def _xlsx() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "Sawmills"
    sheet.append(["Sawmills by region"])
    sheet.append([])
    for row in ROWS:
        sheet.append([row[0], *(float(cell) if cell[:1].isdigit() and cell.isdecimal() else cell for cell in row[1:])])
    sheet["D3"], sheet["D4"] = "Share", 0.125
    sheet["D4"].number_format = "0.0%"
    sheet.merge_cells("A8:C8")
    sheet["A8"] = "Merged"
    hidden = book.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["Formula", "=1+1"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _epub() -> bytes:
    contents = nav(toc(link("one.xhtml", "Sawmills", "<ol>" + link("one.xhtml#few", "Few") + "</ol>")), toc("", "page-list"))
    table = f"<table><tr><th>Region</th><th>2020</th><th>2021</th></tr>{_TABLE}</table>"
    one = page(
        f'<h1>Sawmills</h1><span epub:type="pagebreak" title="iv" id="p4"/><p>412 illegal ones.</p><h2 id="few">Few</h2>{table}'
    )
    return epub({"nav.xhtml": contents, "one.xhtml": one, "two.xhtml": page("<p>Few were closed.<sup>1</sup></p>")})
