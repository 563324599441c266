from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import sentences, split_sentences
from corpus.sentences import MAX_SENTENCE
from tests.made import text_document


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The U.S. Treasury sanctioned him.",
        "See No. 5 for details.",
        "As shown on p. 14 the law failed.",
        "El art. 3 dispone lo siguiente.",
        "Los arts. 3 y 4 rigen desde ayer.",
        "Los EE. UU. apoyaron el plan.",
        "El Decreto Leg. N.° 052 y la Ley núm. 30 rigen.",
        "Dr. Smith et al. found two cases.",
        "La Sra. Pérez habló con el Sr. Gómez.",
        "Amcor plc, Inc. and Co. Ltd. are here.",
        "It cost $3.5 million in Lima, Vol. 2, pp. 3-4.",
        "The fine was S/. 500 in all.",
        "1. First of all, they came.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(sentence: str) -> None:
    assert cut(f"{sentence} Luego cesó. Then it ended.") == [sentence, "Luego cesó.", "Then it ended."]


def test_punctuation_ends_sentences() -> None:
    assert cut("¿Quién controla? Nadie. ¡Basta! It cost $3.5 million. 2022 was bad.") == [
        "¿Quién controla?",
        "Nadie.",
        "¡Basta!",
        "It cost $3.5 million.",
        "2022 was bad.",
    ]


def test_a_line_break_is_a_space() -> None:
    assert cut("One sentence over\ntwo lines. Another\none.") == ["One sentence over\ntwo lines.", "Another\none."]


def test_an_overlong_sentence_is_cut_at_a_space() -> None:
    pieces = cut("word " * 600)
    assert max(map(len, pieces)) <= MAX_SENTENCE
    assert " ".join(pieces) == ("word " * 600).strip()
    assert list(map(len, cut("x" * 2500))) == [1000, 1000, 500]


@given(st.text(alphabet=st.sampled_from("aB1. ?!\n-éЖ中😀\r\t")) | st.text())
def test_sentences_tile_their_block(text: str) -> None:
    ranges = split_sentences(text)
    assert all(start < end for start, end in ranges)
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))
    within = "".join(text[start:end] for start, end in ranges)
    assert [c for c in within if not c.isspace()] == [c for c in text if not c.isspace()]


def test_sentences_of_a_range_are_whole_and_stay_in_their_blocks() -> None:
    document = text_document("# A heading of its own\n\nOne is here. Two is there.\n\nThree is far.", "r.md")
    inside = document.text.index("is there")
    assert [document.text[s:e] for s, e in sentences(document, inside, inside + 2)] == ["Two is there."]
    assert [document.text[s:e] for s, e in sentences(document)] == [
        "A heading of its own",
        "One is here.",
        "Two is there.",
        "Three is far.",
    ]
