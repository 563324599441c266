"""The encoder in use: the exported graph of a sentence-transformers model, run by ONNX Runtime. It needs no torch."""

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
_AT_ONCE = 512  # passages that wait for the threads
_LONGEST = 1 << 20  # tokens, where a model sets no limit


class OnnxEncoder:
    """An exported model. The constructor takes loaded parts; `load_encoder` finds them, and makes them the first time.

    Each text is run by itself, so its vector depends neither on its neighbours nor on the number of threads. A thread of its own
    for each text is faster than all threads for one text after another, and one thread waits for no other if a neighbour keeps the
    processor busy.
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
        """`graph` is an optimised ONNX file: `input_ids` (1, t) int64 enter, `sentence_embedding` (1, d) float32 of unit length
        leaves. `tokenizer` is a tokenizer.json. `threads` is the number of passages that are encoded at the same
        time: all processors that this process may use, unless it is given.
        """
        self.name, self.fingerprint, self.arithmetic = name, fingerprint, arithmetic
        self.limit, self.dimension = limit, dimension
        self.notice = ""
        self._question_prompt, self._passage_prompt = question_prompt, passage_prompt
        self._pool = ThreadPoolExecutor(threads or available_processors())
        self._session = open_session(graph)
        self._tokenizer = open_tokenizer(tokenizer)
        self._asked = lru_cache(maxsize=64)(self._question_rows)  # a question is searched with, and then read with
        self._counted = lru_cache(maxsize=1024)(self._count)  # headings are counted again for each passage below them

    def questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.questions`. The rows can't be written to, since they may be given again."""
        return self._asked(tuple(texts))

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See `Encoder.passages`."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            part = range(start, min(start + _AT_ONCE, len(texts)))
            longest_first = sorted(part, key=lambda number: -len(texts[number]))  # so that no thread is left with a long one
            encoded = self._pool.map(lambda number: self._row(self._passage_prompt + texts[number]), longest_first)
            for done, (number, row) in enumerate(zip(longest_first, encoded, strict=True), 1):
                rows[number] = row
                if progress is not None and (done % _REPORT_EVERY == 0 or done == len(part)):
                    progress(done - (done - 1) // _REPORT_EVERY * _REPORT_EVERY)
        return rows

    def count_tokens(self, text: str) -> int:
        """See `Encoder.count_tokens`."""
        return self._counted(text)

    def _question_rows(self, texts: tuple[str, ...]) -> Vectors:
        rows = np.empty((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self._row(self._question_prompt + text)
        rows.flags.writeable = False
        return rows

    def _row(self, text: str) -> Vectors:
        ids = self._tokenizer.encode_batch_fast([text])[0].ids
        if len(ids) > self.limit:
            ids = self._cutting.encode_batch_fast([text])[0].ids
        (vectors,) = self._session.run(["sentence_embedding"], {"input_ids": np.array([ids], np.int64)})
        row: Vectors = vectors[0]
        return row

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode_batch_fast([text])[0])

    @cached_property
    def _cutting(self) -> "Tokenizer":
        """The tokenizer that cuts a text at the limit, and keeps the special tokens at its end. Few texts need it."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self._tokenizer.to_str())
        tokenizer.enable_truncation(min(self.limit, _LONGEST))
        return tokenizer


def has_int8(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies int8 in one instruction (VNNI or AMX), as its flags say.

    Without it, int8 is hardly faster than fp32, and on some processors its sums overflow. Flags and no timing decide, so that the
    same machine always gives the same vectors. Where there is no /proc/cpuinfo the answer is no.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return not {"avx512_vnni", "avx_vnni", "amx_int8"}.isdisjoint(flags)


def open_session(graph: Path) -> "InferenceSession":
    """A session that runs an optimised graph with the thread that calls it. Several threads may call it at once."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL  # it was optimised when it was exported
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")  # or memory is kept that nothing is in
    return InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def open_tokenizer(file: Path) -> "Tokenizer":
    """The tokenizer in this tokenizer.json, without truncation and padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
