"""The encoder in use: the exported graph of a sentence-transformers model, run by ONNX Runtime without torch."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus import available_processors
from index.encoders.protocol import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

_REPORT_EVERY = 64  # passages between two reports of progress
_BATCH = 512  # passages handed to the threads at a time
_NO_LIMIT = 1 << 20  # tokens, where a model sets no limit


class OnnxEncoder:
    """An exported model. `load_encoder` finds its files, and creates them the first time.

    Each text is encoded separately, so its vector depends neither on other texts nor on the number of threads. One thread per text
    is faster than all threads on one text after another, and no thread waits for another when the machine is busy.
    """

    def __init__(
        self,
        graph: Path,
        tokenizer: Path,
        *,
        name: str,
        fingerprint: str,
        arithmetic: str,
        limit: int,
        dimension: int,
        question_prompt: str = "",
        passage_prompt: str = "",
        threads: int | None = None,
    ) -> None:
        """Load an exported model.

        `graph` is an optimised ONNX file from `input_ids`, (1, t) int64, to `sentence_embedding`, (1, d) float32 of unit length.
        `tokenizer` is a tokenizer.json. `threads` is the number of passages encoded at a time, by default one per processor that
        this process may use.
        """
        self.name, self.fingerprint, self.arithmetic = name, fingerprint, arithmetic
        self.limit, self.dimension = limit, dimension
        self.notice = ""
        self._question_prompt, self._passage_prompt = question_prompt, passage_prompt
        self._pool = ThreadPoolExecutor(threads or available_processors())
        self._session = open_session(graph)
        self._tokenizer = open_tokenizer(tokenizer)
        self._cached_questions = lru_cache(maxsize=64)(
            self._question_rows
        )  # a question is encoded for the search, and again to rank sentences
        self._cached_count = lru_cache(maxsize=1024)(self._count)  # a heading is counted again for each passage below it

    def questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.questions`. The rows are read-only, since they are cached."""
        return self._cached_questions(tuple(texts))

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See `Encoder.passages`."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = range(start, min(start + _BATCH, len(texts)))
            longest_first = sorted(batch, key=lambda number: -len(texts[number]))  # so that no thread ends up with a long one
            encoded = self._pool.map(lambda number: self._row(self._passage_prompt + texts[number]), longest_first)
            for done, (number, row) in enumerate(zip(longest_first, encoded, strict=True), 1):
                rows[number] = row
                if progress is not None and (done % _REPORT_EVERY == 0 or done == len(batch)):
                    progress(done - (done - 1) // _REPORT_EVERY * _REPORT_EVERY)
        return rows

    def count_tokens(self, text: str) -> int:
        """See `Encoder.count_tokens`."""
        return self._cached_count(text)

    def _question_rows(self, texts: tuple[str, ...]) -> Vectors:
        rows = np.empty((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self._row(self._question_prompt + text)
        rows.flags.writeable = False
        return rows

    def _row(self, text: str) -> Vectors:
        ids = self._tokenizer.encode_batch_fast([text])[0].ids
        if len(ids) > self.limit:
            ids = self._truncating_tokenizer.encode_batch_fast([text])[0].ids
        (vectors,) = self._session.run(["sentence_embedding"], {"input_ids": np.array([ids], np.int64)})
        row: Vectors = vectors[0]
        return row

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode_batch_fast([text])[0])

    @cached_property
    def _truncating_tokenizer(self) -> "Tokenizer":
        """The tokenizer that truncates a text at the limit but keeps the special tokens at its end. Few texts need it."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self._tokenizer.to_str())
        tokenizer.enable_truncation(min(self.limit, _NO_LIMIT))
        return tokenizer


def has_int8(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor's flags list instructions for int8 products (VNNI or AMX); False without a /proc/cpuinfo.

    Without them, int8 is hardly faster than fp32, and its sums overflow on some processors. Flags decide rather than a timing, so
    that the same machine always gives the same vectors.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return not {"avx512_vnni", "avx_vnni", "amx_int8"}.isdisjoint(flags)


def open_session(graph: Path) -> "InferenceSession":
    """Open a session that runs an optimised graph in the calling thread. Several threads may call it at once."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL  # optimised at export already
    options.add_session_config_entry(
        "session.use_device_allocator_for_initializers", "1"
    )  # otherwise unused memory stays allocated
    return InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def open_tokenizer(file: Path) -> "Tokenizer":
    """Open the tokenizer in a tokenizer.json, without truncation and padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
