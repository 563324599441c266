from collections.abc import Sequence
from itertools import zip_longest

from reportlab.pdfgen.canvas import Canvas

from corpus import Document, read_bytes
from tests.made import LEADING, TOP, WIDTH, drawn_pdf
from tests.shown import blocks_of

LEFT = [
    "The ministry of forests counted more",
    "than four hundred illegal sawmills in",
    "the north, most of them near to the",
    "rivers on which the trees are floated.",
    "It closed fewer than twenty of these",
    "in all the years of which it reports,",
    "and it gave no reasons. The owners",
]
RIGHT = [
    "paid their fines and went on sawing.",
    "Officers in Iquitos seized forty trucks",
    "of mahogany which were given back",
    "within a week, since nobody could say",
    "where the trees had stood before they",
    "were cut. The judges left the town in",
    "the same month. Nobody knows why.",
]
WHOLE = " ".join(LEFT + RIGHT)


def two_columns(canvas: Canvas, left: Sequence[str], right: Sequence[str], top: float = TOP) -> None:
    """Draw two columns line by line, each line across both."""
    canvas.setFont("Helvetica", 9)
    for number, (one, other) in enumerate(zip_longest(left, right, fillvalue="")):
        canvas.drawString(30, top - LEADING * number, one)
        canvas.drawString(215, top - LEADING * number, other)


def read(data: bytes) -> Document:
    return read_bytes(data, "r.pdf")


def test_columns_whose_lines_are_drawn_across_are_read_one_after_the_other() -> None:
    document = read(drawn_pdf(lambda canvas: two_columns(canvas, LEFT, RIGHT)))
    assert document.shown(0, len(document.text)) == WHOLE
    assert "The owners\n\npaid" not in document.text  # the sentence continues in the next column
    characters = sum(run.length for run in document.runs)
    assert characters == sum(not character.isspace() for character in document.text) + sum(line.count(" ") for line in LEFT + RIGHT)


def test_a_title_over_both_columns_separates_the_text_above_from_the_text_below() -> None:
    def draw(canvas: Canvas) -> None:
        two_columns(canvas, LEFT, RIGHT)
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawCentredString(WIDTH / 2, TOP - 8 * LEADING, "What the police of the north saw of it")
        two_columns(canvas, LEFT, RIGHT, TOP - 10 * LEADING)

    text = read(drawn_pdf(draw)).text.replace("\n", " ").replace("  ", " ")
    assert text == f"{WHOLE} What the police of the north saw of it {WHOLE}"


def test_a_table_is_not_two_columns() -> None:
    names = ["Loreto", "Ucayali", "San Martin", "Madre de Dios", "Amazonas", "Huanuco", "Pasco"]
    what = [f"{number} sawmills, and trucks of mahogany" for number in (412, 97, 61, 38, 15, 9, 7)]
    document = read(drawn_pdf(lambda canvas: two_columns(canvas, names, what)))
    assert [line for line in document.text.splitlines() if line] == [
        f"{name} {text}" for name, text in zip(names, what, strict=True)
    ]


def test_columns_drawn_one_after_the_other_stay_as_they_are() -> None:
    def draw(canvas: Canvas) -> None:
        two_columns(canvas, LEFT, [])
        two_columns(canvas, [], RIGHT)

    assert blocks_of(read(drawn_pdf(draw)))[0].startswith("The ministry of forests counted more than four hundred")
    assert read(drawn_pdf(draw)).shown(0, 10_000) == WHOLE


def test_two_columns_continue_on_the_next_page() -> None:
    def draw(canvas: Canvas) -> None:
        two_columns(canvas, LEFT, [*RIGHT[:6], "the same month, and nobody ever"])
        canvas.showPage()
        two_columns(canvas, ["said why.", *LEFT], RIGHT)

    document = read(drawn_pdf(draw))
    assert "the same month, and nobody ever said why." in document.shown(0, len(document.text))
    assert document.pages[1].start == document.text.index("said why.")
