"""The report of an evaluation: what it says, and that nothing in it comes to life."""

import html
import re
from pathlib import Path

from assistant import Assistant, SentenceRanker
from corpus import read
from eval import TestQuestion, ask_all, compare, figures
from index import Encoder, Home
from tests.inline import add
from tests.made import REPORT, pdf, write
from ui.cli.eval_report import report

HOSTILE = "Forests\n\nThe <b>ministry</b> of forests <script>alert(1)</script> counted 412 sawmills in 2021.\n"
ADDRESS = "http://127.0.0.1:7860"


def question(number: int, text: str, gold: tuple[str, ...] = (), pages: frozenset[int] = frozenset()) -> TestQuestion:
    doc = "rivers" if pages else None
    return TestQuestion(str(number), text, "en", "<i>kind</i>", bool(gold or pages), gold, ("earlier?",), doc, pages, "")


def written(encoder: Encoder, home: Home, files: list[Path], questions: list[TestQuestion], *, linked: bool = True) -> str:
    add(home, files, encoder)
    assistant = Assistant(home, encoder, SentenceRanker.load(encoder))
    rows = [row for row, _ in ask_all(assistant, questions)]
    taken = {"median": 1.5, "p95": 2.5, "most": 3.5}
    meta = {"name": "<q>.jsonl", "date": "2026-01-02", "questions": 1, "documents": 1, "model": "m", "milliseconds": taken}
    return report(rows, figures(rows), compare(rows, rows), meta, assistant.scope().document, ADDRESS if linked else None)


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_failed_question_shows_both_places_and_links_to_them(encoder: Encoder, home: Home, tmp_path: Path) -> None:
    gold = "counted 412 sawmills in 2021"
    other = "Trucks of mahogany were returned to their owners within a week of the seizure by the officers of the north."
    files = [write(tmp_path / "forests.txt", HOSTILE), write(tmp_path / "trucks.md", f"# Trucks\n\n{other}\n")]
    page = written(encoder, home, files, [question(1, "Which trucks of mahogany were returned to owners?", (gold,))])
    article = re.search(r"<article.*?</article>", page, re.DOTALL)
    assert article is not None
    answered, expected = article[0].split("<h4>Expected</h4>")
    links = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', answered + expected)]
    documents = [read(path) for path in files]
    start = documents[0].text.index(gold)
    assert other in text_of(answered)
    assert links[-1].startswith(f"{ADDRESS}/documents/{documents[0].id}?start={start}&end={start + len(gold)}&q=")
    assert links[0].startswith(f"{ADDRESS}/documents/{documents[1].id}?start=")
    assert f"<mark>{gold}</mark>" in expected
    assert "The <b>ministry</b> of forests <script>alert(1)</script> counted 412" in text_of(expected)
    assert "After: earlier?" in text_of(answered)


def test_all_text_is_escaped_and_nothing_is_loaded(encoder: Encoder, home: Home, tmp_path: Path) -> None:
    files = [write(tmp_path / "forests.txt", HOSTILE)]
    page = written(
        encoder, home, files, [question(1, "Who <u>counted</u> sawmills?", ("counted 412",)), question(2, "<s>Who?</s>")]
    )
    assert not re.search(r"<(script|img|link|iframe|b|u|s|i|q)\b", page)
    assert "<u>counted</u>" not in page
    assert not re.search(r"url\(|@import|\ssrc=", page)
    assert "default-src 'none'" in page


def test_headlines_are_the_figures(encoder: Encoder, home: Home, tmp_path: Path) -> None:
    questions = [
        question(1, "How many illegal sawmills were counted?", ("counted 412 illegal sawmills",)),
        question(2, "Who seized trucks in Iquitos?", ("few were closed",)),
        question(3, "Who won the football match in Brazil?"),
    ]
    said = text_of(written(encoder, home, [write(tmp_path / "forests.txt", REPORT)], questions))
    assert "50.0% correct in the first citation n = 2, 95%: 0.0 to 100.0" in said
    assert "100.0% of the unanswerable refused n = 1" in said
    assert "1 question went wrong" in said
    assert "<i>kind</i> 2 50.0% correct <i>kind</i> 1 100.0% refused" in said
    assert "Against the baseline Nothing changed." in said
    assert "Risk and coverage" in said
    assert "Reliability" in said


def test_what_no_server_will_have_is_not_linked_and_pages_are_named(encoder: Encoder, home: Home, tmp_path: Path) -> None:
    pages = [[f"Law {number} of {line} says which taxes are on timber." for line in range(30)] for number in range(7)]
    pages.append([f"Fish {line} swim in the river." for line in range(30)])
    asked = [question(1, "Which taxes are on timber?", pages=frozenset([7]))]
    page = written(encoder, home, [write(tmp_path / "rivers.pdf", pdf(pages))], asked, linked=False)
    assert "href" not in page
    assert "PDF 8 The page's text Fish 0 swim" in text_of(page)
    assert "Fish 7 swim in the river." in text_of(page)


def test_without_failures_it_says_so(encoder: Encoder, home: Home, tmp_path: Path) -> None:
    questions = [question(1, "How many illegal sawmills were counted?", ("counted 412 illegal sawmills",))]
    said = text_of(written(encoder, home, [write(tmp_path / "forests.txt", REPORT)], questions))
    assert "No question went wrong" in said
    assert "Reliability" not in said
