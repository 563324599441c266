"""Reads a sentence with a question in mind: does it answer, and where? The weights, and the training that made them, are here
too.
"""

from assistant.reader.cross import CrossEncoder, Reading, tokenizer
from assistant.reader.pairs import context

__all__ = ["CrossEncoder", "Reading", "context", "tokenizer"]
