"""The trained model: a cross-encoder that reads a question with a sentence, and what makes a probability of its scores."""

from assistant.model.calibration import Calibration, Signals, calibrated_encoder
from assistant.model.cross_encoder import CrossEncoder, SentenceScore, tokenizer
from assistant.model.pairs import context

__all__ = [
    "Calibration",
    "CrossEncoder",
    "SentenceScore",
    "Signals",
    "calibrated_encoder",
    "context",
    "tokenizer",
]
