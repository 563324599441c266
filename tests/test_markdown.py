"""Markdown: it reads as the rendered page does."""

import pytest

from corpus import DocumentError
from tests.made import text_document
from tests.shown import levelled


def test_markdown_reads_as_the_rendered_page_does() -> None:
    document = text_document(
        '---\ntitle: "My report"\n---\n# H1 *em*\n\n'
        "Para **bold** [link](http://x.example) and ![alt](http://y.example) `code`\nnext.\n\n"
        "* one\n* two\n  - nested **x**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\ncode = 1\n```\n\n<div>raw <b>html</b>"
        "<script>bad()</script></div>\n\nSetext\n------\n> quote\n",
        "r.md",
    )
    assert document.title == "My report"
    assert levelled(document) == [
        (1, "H1 em"),
        (0, "Para bold link and alt code next."),
        (0, "one"),
        (0, "two"),
        (0, "nested x"),
        (0, "a | b"),
        (0, "a: 1 | b: 2"),
        (0, "code = 1"),
        (0, "raw html"),
        (2, "Setext"),
        (0, "quote"),
    ]


def test_html_within_markdown_reads_as_a_page_does() -> None:
    document = text_document(
        "| a | b |\n|---|---|\n| 12<br>34 | Lima<br/>Cusco |\n\n<!DOCTYPE html>\n\n"
        "<table><tr><td>12</td><td>34</td></tr></table>\n\n<div><p>one</p><p>two</p></div>\n\n"
        "<h2>Three</h2>\n\n<p hidden>secret</p>\n",
        "r.md",
    )
    assert levelled(document) == [
        (0, "a | b"),
        (0, "a: 12 34 | b: Lima Cusco"),
        (0, "12 | 34"),
        (0, "one"),
        (0, "two"),
        (2, "Three"),
    ]


def test_front_matter_is_left_out_and_a_rule_does_not_begin_it() -> None:
    assert text_document("---\ntitle: One\ntags:\n - a\n- b\n# c\n\nx: 1\n---\nText.\n", "r.md").text == "Text."
    assert "40%" in text_document("---\n\n# Findings 2021\n\n- illegal logging rose 40%\n\n---\n\nMore.\n", "r.md").text
    assert "Kept text here." in text_document("---\n\nKept text here.\n\n---\n\nMore.\n", "r.md").text


def test_markdown_nested_too_deep_is_refused_rather_than_truncated() -> None:
    assert "deep text" in text_document("> " * 90 + "deep text", "r.md").text
    with pytest.raises(DocumentError, match="its quotes and lists are nested too deep"):
        text_document("> " * 100 + "deep text", "r.md")
