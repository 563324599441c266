"""Plain text: paragraphs, headings, list items and pages are known by their shape."""

import re

import pytest

from corpus import read_bytes
from tests.made import text_document
from tests.shown import levelled


def test_hard_wrapped_lines_are_joined_into_paragraphs() -> None:
    document = text_document(
        "ANNUAL REPORT\n=============\n\n1. Introduction\n\nThis report was wrapped by hand at sixty characters or so, and\n"
        "goes on in the next line. The Second Sentence Begins Here and\nends.\n\n2.1 Scope and methods\n"
        "The scope is national. It covers all 25 regions of the\ncountry, except one.\n\n"
        "* first bullet that is long enough to be wrapped over more\n  than one line of text\n* second bullet\n\n"
        "Grupos de crimen organizado\n\nLos grupos operan en el norte. Los jefes viven en Lima, la\ncapital.\n"
    )
    assert document.title == "ANNUAL REPORT"
    assert levelled(document) == [
        (1, "ANNUAL REPORT"),
        (1, "1. Introduction"),
        (
            0,
            "This report was wrapped by hand at sixty characters or so, and goes on in the next line. "
            "The Second Sentence Begins Here and ends.",
        ),
        (2, "2.1 Scope and methods"),
        (0, "The scope is national. It covers all 25 regions of the country, except one."),
        (0, "first bullet that is long enough to be wrapped over more than one line of text"),
        (0, "second bullet"),
        (2, "Grupos de crimen organizado"),
        (0, "Los grupos operan en el norte. Los jefes viven en Lima, la capital."),
    ]


def test_each_line_is_a_paragraph_where_lines_are_not_wrapped() -> None:
    long = "Many criminal groups in the country are small and operate locally, and some of them control entire regions of it, " * 2
    document = text_document(f"The Title of It All\n{long}.\nGroups and Regions\n- {long}.\n- short.\n")
    assert levelled(document) == [
        (1, "The Title of It All"),
        (0, f"{long}."),
        (2, "Groups and Regions"),
        (0, f"{long}."),
        (0, "short."),
    ]


def test_a_text_without_a_heading_is_titled_by_its_file_name() -> None:
    assert text_document("it begins in the middle of things, and so on.", "minutes.txt").title == "minutes"


def test_offsets_are_those_of_the_decoded_file() -> None:
    document = text_document("Ño 😀 one.\r\nTwo lines here.\r\n")
    assert document.text == "Ño 😀 one.\nTwo lines here.\n"
    assert text_document("\ufeffStarts after the mark.").text == "Starts after the mark."
    assert read_bytes("Sixteen bits: ñ.".encode("utf-16"), "r.txt").text == "Sixteen bits: ñ."


def test_a_form_feed_ends_a_page() -> None:
    document = text_document("On the first.\fOn the second.\n")
    assert [(page.number, document.text[page.start : page.end]) for page in document.pages] == [
        (1, "On the first.\f"),
        (2, "On the second.\n"),
    ]


def test_a_few_long_lines_do_not_hide_that_a_text_is_hard_wrapped() -> None:
    wrapped = "The commission found that the minister had taken no bribe from the\nCompany of the North, as the court said.\n\n" * 6
    document = text_document(f"{wrapped}https://example.org/{'a' * 300}\n")
    assert len(document.blocks) == 7
    assert all(
        document.shown(*block).endswith("from the Company of the North, as the court said.") for block in document.blocks[:6]
    )


def test_a_sentence_continues_on_the_next_line_however_long_the_lines_are() -> None:
    line = "The commission found that the minister had taken no bribe from a company of the north, which the prosecutor of the"
    document = text_document(f"{line}\n{line.lower()}\n{line.lower()} south.\n")
    assert len(document.blocks) == 1


def test_a_dash_before_a_number_may_be_a_minus_sign() -> None:
    document = text_document("Budget\n\n- 5.2 million was the net result, a loss.\n\n- A third item.\n")
    assert [document.shown(*block) for block in document.blocks] == [
        "Budget",
        "- 5.2 million was the net result, a loss.",
        "A third item.",
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("as the court held in its judgment of\n(44) of the code of procedure, and so\non.", 1),
        ("in all, and to the end of the year,\n412. That was more than before.", 1),
        ("the valley of the three rivers, which\n- as everyone knows - is poor, and so\non.", 1),
        ("The court held what follows from it:\n(a) the first of the two is not so;\n(b) the second is.", 3),
        ("1. The first item is long enough to be\n2. The second item follows it at once.", 2),
        ("- The first item is long enough to be\n- The second item follows it at once.", 2),
        ("The valley of the three rivers is\n• The symbol begins an item anywhere.", 2),
    ],
)
def test_a_wrapped_line_that_looks_like_a_list_item_loses_no_text(text: str, blocks: int) -> None:
    document = text_document(text + "\n\nThe widest line of all of this text here.\n")
    assert len(document.blocks) == blocks + 1
    assert re.findall(r"\w+", " ".join(document.shown(*block) for block in document.blocks[:-1])) == re.findall(r"\w+", text)
