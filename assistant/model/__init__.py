"""The trained model: a cross-encoder that reads a question and a passage together, and the calibration that turns scores into
probabilities.
"""

from assistant.model.calibration import Calibration, Signals, calibrated_encoder
from assistant.model.cross_encoder import CrossEncoder, ReadPassage, SentenceScore, known_words, tokenizer

__all__ = [
    "Calibration",
    "CrossEncoder",
    "ReadPassage",
    "SentenceScore",
    "Signals",
    "calibrated_encoder",
    "known_words",
    "tokenizer",
]
