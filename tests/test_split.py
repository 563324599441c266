from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Document, DocumentError, encoded_text, searched_text, split
from corpus.draft import Draft
from index import Encoder
from tests.fakes import WordEncoder
from tests.made import text_document
from tests.tables import cells, laid


def passages_of(document: Document, limit: int = 20) -> list[str]:
    return [passage.text for passage in split(document, WordEncoder().count_tokens, limit)]


def test_blocks_are_packed_until_the_limit() -> None:
    document = text_document("# T\n\n" + "\n\n".join(f"paragraph {n} has six words" for n in range(4)), "r.md")
    texts = passages_of(document, 16)
    assert texts == [
        "T\n\nparagraph 0 has six words\n\nparagraph 1 has six words",
        "paragraph 2 has six words\n\nparagraph 3 has six words",
    ]


def test_a_heading_begins_a_passage_and_stays_with_the_text_under_it() -> None:
    document = text_document("# T\n\n## A\n\none a\n\n## B\n\n### B1\n\none b\n", "r.md")
    assert passages_of(document, 60) == ["T\n\nA\n\none a", "B\n\nB1\n\none b"]


def test_a_long_block_is_cut_at_sentences_then_at_words() -> None:
    document = text_document(f"{'One two three four. ' * 5}\n\n{'word ' * 30}")
    texts = passages_of(document, 14)
    assert texts[0].endswith("One two three four.")
    assert all(len(text.split()) <= 11 for text in texts)
    assert " ".join(" ".join(texts).split()) == " ".join(document.text.split())


def test_the_title_and_the_headings_are_searched_with_the_text() -> None:
    document = text_document(
        "# Forests\n\n## Sawmills\n\nThey were closed.\n\nThey were opened again after a while, all of them.\n", "r.md"
    )
    last = split(document, WordEncoder().count_tokens, 16)[-1]
    assert last.heading_path == ("Sawmills",)
    assert searched_text(document, last) == "Forests\nSawmills\nThey were opened again after a while, all of them."
    assert encoded_text(document, last, WordEncoder().count_tokens, 16).startswith("Forests > Sawmills\n")


def test_outer_headings_that_would_fill_the_limit_are_left_out() -> None:
    document = text_document("# A very long title of nine words in all\n\n## Short one\n\n" + "word " * 40, "r.md")
    last = split(document, WordEncoder().count_tokens, 20)[-1]
    assert encoded_text(document, last, WordEncoder().count_tokens, 20).startswith("Short one\n")


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab C.\n#-é中😀\r"), min_size=1, max_size=400), st.integers(12, 60))
def test_every_block_is_in_a_passage_and_every_passage_fits(text: str, limit: int) -> None:
    try:
        document = text_document(text, "r.md")
    except DocumentError:
        return
    encoder = WordEncoder()
    passages = split(document, encoder.count_tokens, limit)
    covered = {position for passage in passages for position in range(passage.start, passage.end)}
    for block in document.blocks:
        assert all(document.text[position].isspace() or position in covered for position in range(block.start, block.end))
    assert all(before.end <= after.start for before, after in pairwise(passages))
    for passage in passages:
        assert passage.text == document.text[passage.start : passage.end]
        assert encoder.count_tokens(encoded_text(document, passage, encoder.count_tokens, limit)) <= limit


def test_the_real_tokenizer_sees_every_passage_whole(encoder: Encoder) -> None:
    document = text_document("# Título\n\n" + "Straßenverkehrsordnung 中文字 crime-ridden, 1,234.5% “quoted” text! " * 80, "r.md")
    passages = split(document, encoder.count_tokens, encoder.limit)
    assert len(passages) > 3
    for passage in passages:
        assert encoder.count_tokens(encoded_text(document, passage, encoder.count_tokens, encoder.limit)) <= encoder.limit == 256


def test_a_document_without_text_has_no_passages() -> None:
    with pytest.raises(DocumentError, match="holds no text"):
        text_document("---\n***\n")


def test_a_passage_within_a_table_begins_with_its_column_names_once() -> None:
    draft, count = Draft(), WordEncoder().count_tokens
    draft.table([(None, cells("Place", "Seized")), *((None, cells(f"Region {n}", str(7 * n))) for n in range(1, 7))], heads=1)
    document = laid(draft, "trucks.csv")
    passages = split(document, count, 20)
    texts = [searched_text(document, passage) for passage in passages]
    assert texts == [
        "trucks\nPlace | Seized Region 1 | 7 Region 2 | 14 Region 3 | 21",
        "trucks\nPlace | Seized Region 4 | 28 Region 5 | 35 Region 6 | 42",
    ]
    assert [encoded_text(document, passage, count, 20) for passage in passages] == texts
