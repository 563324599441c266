"""Table rows as evidence."""

import pytest
from sklearn.metrics import roc_auc_score

from assistant import Answer, Assistant, SentenceRanker
from assistant.model import CrossEncoder, ReadPassage
from assistant.ranking.table_rows import as_sentence, best_matching_rows, shown_span
from corpus import Document
from corpus.draft import Draft
from index import Encoder, Home
from tests.inline import add
from tests.made import write
from tests.tables import cells, laid

TABLES: list[tuple[str, list[tuple[str, str]], list[str], list[str]]] = [
    (
        "Seizures of timber and vehicles by region",
        [
            ("Region", "Puno"),
            ("Trucks seized 2020", "36"),
            ("Trucks seized 2021", "319"),
            ("Arrests 2021", "29"),
            ("Agency", "Navy"),
        ],
        [
            "How many arrests were made in Puno?",
            "How many trucks were seized in Puno in 2021?",
            "Which agency is responsible in Puno?",
            "Which region had 319 trucks seized?",
        ],
        [
            "How many boats were seized in Puno?",
            "How many people died in Puno?",
            "Who is the governor of Puno?",
            "How many trucks were sold in Puno?",
            "How many convictions were there in Puno in 2021?",
        ],
    ),
    (
        "Budget execution of the ministry",
        [("Line item", "Capital expenditure"), ("2019", "1,577"), ("2020", "1,373"), ("2021", "1,420")],
        [
            "What was the capital expenditure in 2020?",
            "How much was spent on capital expenditure in 2019?",
            "capital expenditure 2021",
        ],
        [
            "What was the capital gain in 2020?",
            "Who approved the capital expenditure in 2020?",
            "How many contracts were signed in 2020?",
            "What was the operating income in 2020?",
        ],
    ),
    (
        "Prison population",
        [("Prison", "Lurigancho"), ("Capacity", "3,204"), ("Inmates", "9,658"), ("Overcrowding", "201%"), ("Women", "0")],
        [
            "How many inmates are in Lurigancho?",
            "What is the capacity of Lurigancho?",
            "How overcrowded is Lurigancho?",
            "How many women are held in Lurigancho?",
        ],
        [
            "How many guards work in Lurigancho?",
            "How many inmates escaped from Lurigancho?",
            "When was Lurigancho built?",
            "Who is the director of Lurigancho?",
        ],
    ),
    (
        "Contracts awarded by the municipality",
        [
            ("Date", "12 March 2021"),
            ("Supplier", "Constructora Andina SAC"),
            ("Amount", "S/ 4,500,000"),
            ("Purpose", "Rehabilitation of the Chancay bridge"),
        ],
        [
            "How much was paid to Constructora Andina?",
            "When was the contract with Constructora Andina awarded?",
            "Who rehabilitated the Chancay bridge?",
            "What was the contract with Constructora Andina for?",
        ],
        [
            "Who owns Constructora Andina?",
            "Why was Constructora Andina chosen?",
            "How many workers does Constructora Andina have?",
            "When was the Chancay bridge finished?",
            "How long is the Chancay bridge?",
        ],
    ),
    (
        "Homicides in the Americas",
        [("Country", "Peru"), ("Population (millions)", "33.0"), ("Homicides 2020", "1,965"), ("Rate per 100,000", "5.9")],
        [
            "What was the homicide rate in Peru?",
            "How many homicides were there in Peru in 2020?",
            "What is the population of Peru?",
        ],
        [
            "How many kidnappings were there in Peru in 2020?",
            "What is the area of Peru?",
            "What is the unemployment rate in Peru?",
            "How many homicides in Peru were solved?",
        ],
    ),
]
"""Table titles, each with a row (column name, text), questions that the row answers, and questions that it doesn't."""

SEIZURES = """Region,Trucks seized 2020,Trucks seized 2021,Arrests 2021,Responsible agency
Loreto,15,412,20,National Police
Ucayali,22,381,23,Navy
Cusco,29,350,26,National Police
Puno,36,319,29,Navy
Lima,43,288,32,National Police
Piura,57,226,38,National Police
Pasco,85,102,50,National Police
"""

BY_YEAR = """Region,Year,Trucks
Loreto,2020,15
Loreto,2021,412
Cusco,2020,29
Cusco,2021,350
"""


def table(*rows: list[str], title: str = "t") -> Document:
    """A document with one table, whose first row names the columns."""
    draft = Draft()
    draft.table([(number, cells(*row)) for number, row in enumerate(rows, 1)], heads=1)
    return laid(draft, f"{title}.csv", "text/csv")


@pytest.fixture(scope="module")
def assistant(encoder: Encoder, ranker: SentenceRanker, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("rows")
    opened = Assistant(Home(folder / "home"), encoder, ranker)
    files = [write(folder / "seizures.csv", SEIZURES), write(folder / "by-year.csv", BY_YEAR)]
    assert [added.error for added in add(opened.home, files, encoder)] == [None, None]
    return opened


def ask(assistant: Assistant, question: str, name: str = "seizures.csv") -> Answer:
    (document,) = (entry.id for entry in assistant.scope().entries() if entry.name == name)
    return assistant.ask(question, documents=[document])


def test_the_cross_encoder_judges_rows_better_as_sentences_than_with_bars() -> None:
    cross_encoder = CrossEncoder.load()
    assert cross_encoder is not None
    scores: dict[bool, list[float]] = {True: [], False: []}
    answers: list[bool] = []
    for title, row, answered, unanswered in TABLES:
        document = table([name for name, _ in row], [text for _, text in row], title=title)
        below = document.tables[0].rows[1]
        texts = {True: as_sentence(document, below.start, below.end), False: document.shown(below.start, below.end)}
        for question in answered + unanswered:
            answers.append(question in answered)
            for is_sentence, text in texts.items():
                scores[is_sentence].append(cross_encoder.score(question, [ReadPassage(title, (text,))])[0][0].answers)
    assert len(answers) == 40
    assert roc_auc_score(answers, scores[True]) == pytest.approx(0.927, abs=0.01)
    assert roc_auc_score(answers, scores[False]) == pytest.approx(0.909, abs=0.01)


@pytest.mark.parametrize(
    ("question", "region", "value"),
    [
        ("How many trucks were seized in Loreto in 2021?", "Loreto", None),
        ("How many arrests were made in Puno?", "Puno", None),
        ("Which agency is responsible in Ucayali?", "Ucayali", "Navy"),
        ("Which region had 412 trucks seized?", "Loreto", "Loreto"),
        ("How many trucks were seized in Cusco in 2020?", "Cusco", "29"),
        ("¿Cuántos camiones se incautaron en Loreto en 2021?", "Loreto", None),
    ],
)
def test_a_question_is_answered_by_its_row_alone(assistant: Assistant, question: str, region: str, value: str | None) -> None:
    answer = ask(assistant, question)
    assert answer.status == "answered"
    assert [citation.text.split(" | ")[0] for citation in answer.citations] == [f"Region: {region}"]
    assert answer.citations[0].quote.startswith(f"{region} | ")
    assert answer.citations[0].row is not None
    span = answer.sentences[0].answer_span
    assert (answer.sentences[0].text[slice(*span)] if span else None) == value


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("How many trucks were seized in Arequipa in 2021?", "name_absent: Arequipa"),
        ("How many trucks were seized in Loreto in 2019?", "name_absent: 2019"),
        ("Who is the president?", "off_topic"),
    ],
)
def test_a_question_that_no_row_answers_is_refused(assistant: Assistant, question: str, reason: str) -> None:
    answer = ask(assistant, question)
    assert (answer.status, str(answer.reason)) == ("not_in_documents", reason)


def test_the_row_with_both_the_region_and_the_year_is_cited(assistant: Assistant) -> None:
    answer = ask(assistant, "How many trucks were there in Loreto in 2021?", "by-year.csv")
    assert [citation.text for citation in answer.citations] == ["Region: Loreto | Year: 2021 | Trucks: 412"]


def test_header_rows_are_never_cited(assistant: Assistant) -> None:
    answer = ask(assistant, "Region, year and trucks?", "by-year.csv")
    assert all("Region | Year" not in citation.quote for citation in (*answer.citations, *answer.nearest))


def test_the_rows_with_the_most_words_of_the_question_match_best() -> None:
    document = table(["Region", "Year"], ["Loreto", "2020"], ["Loreto", "2021"], ["Cusco", "2021"])
    starts = [row.start for row in document.tables[0].rows[1:]]
    asked = {word: frozenset([word]) for word in ("loreto", "cusco", "2021", "trucks")}
    assert best_matching_rows(document, starts, [asked["loreto"], asked["2021"], asked["trucks"]]) == {starts[1]}
    assert best_matching_rows(document, starts, [asked["loreto"], asked["cusco"]]) == set(starts)
    assert best_matching_rows(document, starts, [asked["trucks"]]) == set(starts)


def test_a_number_in_a_label_is_not_looked_for_in_values() -> None:
    document = table(
        ["District", "Officers", "Complaints"], ["Zone 25", "30", "50"], ["Zone 50", "55", "100"], ["Zone 45", "50", "90"]
    )
    starts = [row.start for row in document.tables[0].rows[1:]]
    assert best_matching_rows(document, starts, [frozenset(["zone"]), frozenset(["50"])]) == {starts[1]}
    assert best_matching_rows(document, starts, [frozenset(["zone"]), frozenset(["55"])]) == {starts[1]}


def test_a_row_without_a_value_for_the_year_does_not_match() -> None:
    document = table(["Region", "Approved 2021", "Approved 2022"], ["Cusco", "7", "9"], ["Total", "", "5330"])
    starts = [row.start for row in document.tables[0].rows[1:]]
    assert best_matching_rows(document, starts, [frozenset(["total"]), frozenset(["2021"])]) == set()
    assert best_matching_rows(document, starts, [frozenset(["total"]), frozenset(["2022"])]) == {starts[1]}
    assert best_matching_rows(document, starts, [frozenset(["cusco"]), frozenset(["2021"])]) == {starts[0]}


def test_a_span_lies_within_one_cell_and_not_in_a_column_of_another_year() -> None:
    document = table(["Region", "Trucks 2020", "Trucks 2021"], ["Cusco", "29", "350"])
    row = document.tables[0].rows[1]
    scored, shown = as_sentence(document, row.start, row.end), document.shown(row.start, row.end)
    assert scored == "Region: Cusco, Trucks 2020: 29, Trucks 2021: 350."

    def mapped(words: str, asked: str) -> str | None:
        first = scored.index(words)
        span = shown_span((first, first + len(words)), asked, document, row.start, row.end)
        return shown[slice(*span)] if span else None

    assert mapped("350", "trucks in 2021") == "350"
    assert mapped("350", "how many trucks") == "350"
    assert mapped("350", "trucks in 2020") is None
    assert mapped("2021: 350", "trucks") is None
    assert mapped("29, Trucks 2021: 350", "trucks") is None
