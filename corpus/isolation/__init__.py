"""Reads files in processes of their own, within limits of time and memory: a crash, a hang or a flood costs one sentence."""

from corpus.isolation.pool import ISOLATED_PARSERS, IsolatedParsers, ProcessPool, available_processors, result_if_done, weight_of
from corpus.isolation.worker import Worker

__all__ = [
    "ISOLATED_PARSERS",
    "IsolatedParsers",
    "ProcessPool",
    "Worker",
    "available_processors",
    "result_if_done",
    "weight_of",
]
