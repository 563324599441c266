"""The interface of an encoder, which turns text into unit vectors."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Unit rows: (n, d) float32."""


class Encoder(Protocol):
    """Turns text into unit vectors. Questions and passages have separate methods, so that their prompts can't be mixed up."""

    @property
    def name(self) -> str:
        """The model's name, to show to people."""

    @property
    def fingerprint(self) -> str:
        """A hash of what determines the vectors: the weights, the tokenizer and their settings, but not the runtime."""

    @property
    def arithmetic(self) -> str:
        """The runtime and number type: "onnxruntime int8", "onnxruntime fp32" or "sentence-transformers fp32"."""

    @property
    def notice(self) -> str:
        """A sentence for the operator about how this encoder runs; usually ""."""

    @property
    def limit(self) -> int:
        """The most tokens of a text that the encoder sees, special tokens included."""

    @property
    def dimension(self) -> int:
        """The length d of a vector."""

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per question: (n, d) float32."""

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Return one unit row per passage: (n, d) float32. `progress` is called with the number of passages just encoded."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, special tokens included, even beyond the `limit`."""
