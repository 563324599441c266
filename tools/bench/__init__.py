"""Benchmarks: how fast Quipu is, beside plain sentence-transformers and FAISS measured in the same run, in turns.

Each gives a `Table`. Nothing heavy is loaded before one is called.
"""

from tools.bench.adding import add
from tools.bench.asking import cold, profile, warm
from tools.bench.encoding import encode
from tools.bench.machine import machine
from tools.bench.plot import check_drawing, growth
from tools.bench.processes import Tell
from tools.bench.searching import MOST_ENCODED, SIZES, search
from tools.bench.serving import serve
from tools.bench.tables import Line, Table

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
