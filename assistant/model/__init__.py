"""The trained model: a cross-encoder that scores a question and a sentence together, and the calibration that turns scores into
probabilities.
"""

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
