"""Parses files in worker processes with limits on time and memory, so that a crash or a hang costs one error message."""

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
