"""What the index asks of an encoder: text to unit vectors."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Rows of unit length: (n, d) float32."""


class Encoder(Protocol):
    """What the index asks of an encoder. Questions and passages are two verbs, so that their prompts can't be mixed up."""

    @property
    def name(self) -> str:
        """The model's name, for people."""

    @property
    def fingerprint(self) -> str:
        """A hash of what decides the vectors: the weights, the tokenizer and their settings, not the program that runs them."""

    @property
    def arithmetic(self) -> str:
        """What computes the vectors, in which numbers: "onnxruntime int8", "onnxruntime fp32" or "sentence-transformers fp32"."""

    @property
    def notice(self) -> str:
        """What the operator should know of how this encoder runs, in a sentence; usually ""."""

    @property
    def limit(self) -> int:
        """The tokens of a text that the encoder sees, its special tokens included."""

    @property
    def dimension(self) -> int:
        """The length d of a vector."""

    def questions(self, texts: Sequence[str]) -> Vectors:
        """One unit row per question: (n, d) float32."""

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """One unit row per passage: (n, d) float32. `progress` is called with the number of texts just done."""

    def count_tokens(self, text: str) -> int:
        """The tokens of the text, special tokens included, however many the encoder would see."""
