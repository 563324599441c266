"""Benchmarks: how fast Quipu is, beside plain sentence-transformers and FAISS measured in the same run, in turns.

Each gives a `Table`. Nothing heavy is loaded before one is called.
"""

from eval.bench.adding import add
from eval.bench.asking import cold, profile, warm
from eval.bench.encoding import encode
from eval.bench.figures import Line, Table
from eval.bench.machine import machine
from eval.bench.plot import check_drawing, growth
from eval.bench.running import Tell
from eval.bench.searching import MOST_ENCODED, SIZES, search
from eval.bench.serving import serve

__all__ = [
    "MOST_ENCODED",
    "SIZES",
    "Line",
    "Table",
    "Tell",
    "add",
    "check_drawing",
    "cold",
    "encode",
    "growth",
    "machine",
    "profile",
    "search",
    "serve",
    "warm",
]
