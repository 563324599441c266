"""How fast passages are encoded."""

import json
from pathlib import Path
from statistics import median

import numpy as np

from index import default_folder, load_encoder
from tools.bench.docstrings import sentences
from tools.bench.machine import matrix_peak, peak_types
from tools.bench.processes import ShowStep, load_baseline
from tools.bench.results import BenchmarkResult, Measurement, in_turns, rounds_in_words, timed
from tools.bench.sample_library import PER_PASSAGE, passages


def operations(config: dict[str, int], tokens: int) -> float:
    """Return the floating-point operations that a BERT-like model of this configuration needs for a text of so many tokens.

    Per layer and token: four products with (d, d) matrices and two with (d, f) ones, each a multiplication and an addition per
    weight, 8 d² + 4 d f; and attention, 2 d for each of a token's scores and 2 d to mix by it, 4 t d. Embeddings, norms and
    softmax are left out.

    >>> operations({"num_hidden_layers": 6, "hidden_size": 384, "intermediate_size": 1536}, 163) / 1e9
    3.705947136
    """
    layers, width, inner = config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]
    return float(layers * tokens * (8 * width**2 + 4 * width * inner + 4 * tokens * width))


def encode(count: int, rounds: int, show: ShowStep) -> BenchmarkResult:
    """Time Quipu's encoder and `SentenceTransformer.encode` on `count` passages of about 150 tokens, in turns."""
    show("collecting sentences from the installed packages")
    texts = passages(sentences(count * PER_PASSAGE), count)
    encoder, baseline = load_encoder(), load_baseline()
    peaks = dict.fromkeys(peak_types(), 0.0)
    tokens = [min(encoder.count_tokens(text), encoder.limit) for text in texts]
    config = json.loads((Path(default_folder()) / "config.json").read_text(encoding="utf-8"))
    needed = sum(operations(config, number) for number in tokens)
    our_rows, their_rows = encoder.passages(texts[:16]), baseline.encode(texts[:16])  # which also warms both up

    def time_ours(number: int) -> float:
        show(f"encoding, round {number} of {rounds}")
        for number_type in peaks:  # in each round, so that a moment when the machine is slow doesn't pass for its peak
            peaks[number_type] = max(peaks[number_type], matrix_peak(number_type))
        return timed(encoder.passages, texts)

    our_times, their_times = in_turns(time_ours, lambda _: timed(baseline.encode, texts), range(1, rounds + 1))
    ours, theirs = median(our_times), median(their_times)
    cosines = np.sum(our_rows * their_rows, axis=1) / np.linalg.norm(their_rows, axis=1)
    measurements = (
        Measurement("speed", "passages", "1/s", len(texts) / ours, len(texts) / theirs),
        Measurement("speed", "tokens", "1/s", sum(tokens) / ours, sum(tokens) / theirs),
        *peak_shares(peaks, needed / ours, needed / theirs),
        Measurement("vectors", "lowest cosine with the baseline's", "", float(cosines.min()), 1.0),
    )
    note = (
        f"{len(texts)} passages of {sum(tokens) / len(texts):.0f} tokens and {needed / len(texts) / 1e9:.1f} GFLOP each, by "
        f"{encoder.arithmetic}; {rounds_in_words(rounds)}."
    )
    return BenchmarkResult(f"encode --passages {count} --rounds {rounds}", "Encoding passages", note, measurements)


def peak_shares(peaks: dict[str, float], ours: float, theirs: float) -> list[Measurement]:
    """Return what share of each peak, named by its number type, the two sides reach; all in floating-point operations per second.

    >>> [(share.what, share.quipu, share.baseline) for share in peak_shares({"float32": 2e11}, 1e11, 5e10)]
    [('float32 matrix product, 200 GFLOP/s', 50.0, 25.0)]
    """
    return [
        Measurement(
            "share of the peak",
            f"{number_type} matrix product, {peak / 1e9:.0f} GFLOP/s",
            "%",
            100 * ours / peak,
            100 * theirs / peak,
        )
        for number_type, peak in peaks.items()
    ]
