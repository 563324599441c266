"""How fast passages are encoded."""

import json
from pathlib import Path
from statistics import median

import numpy as np

from index import default_folder, load_encoder
from tools.bench.machine import matrix_peak
from tools.bench.processes import Tell, plain_here
from tools.bench.sample_library import PER_PASSAGE, passages
from tools.bench.tables import Line, Table, in_turns, timed
from tools.bench.texts import sentences


def operations(config: dict[str, int], tokens: int) -> float:
    """The floating-point operations that a BERT-like model of this configuration needs for a text of so many tokens.

    Per layer and token: four products with (d, d) matrices and two with (d, f) ones, each a multiplication and an addition per
    weight, 8 d² + 4 d f; and attention, 2 d for each of a token's scores and 2 d to mix by it, 4 t d. Embeddings, norms and
    softmax are left out.

    >>> operations({"num_hidden_layers": 6, "hidden_size": 384, "intermediate_size": 1536}, 163) / 1e9
    3.705947136
    """
    layers, width, inner = config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]
    return float(layers * tokens * (8 * width**2 + 4 * width * inner + 4 * tokens * width))


def encode(count: int, rounds: int, tell: Tell) -> Table:
    """Passages of about 150 tokens by Quipu's encoder, and by `SentenceTransformer.encode` with its defaults, in turns."""
    tell("taking sentences from the installed packages")
    asked = passages(sentences(count * PER_PASSAGE), count)
    encoder, plain = load_encoder(), plain_here()
    peaks = {"float32": 0.0, "bfloat16": 0.0}
    tokens = [min(encoder.count_tokens(text), encoder.limit) for text in asked]
    config = json.loads((Path(default_folder()) / "config.json").read_text(encoding="utf-8"))
    needed = sum(operations(config, number) for number in tokens)
    ours, theirs = encoder.passages(asked[:16]), plain.encode(asked[:16])  # which warms both up

    def mine(number: int) -> float:
        tell(f"encoding, round {number} of {rounds}")
        for kind in peaks:  # each round, so that a moment when the machine was slow isn't taken for its peak
            peaks[kind] = max(peaks[kind], matrix_peak(kind))
        return timed(encoder.passages, asked)

    quick, slow = in_turns(mine, lambda _: timed(plain.encode, asked), range(1, rounds + 1))
    best, base = median(quick), median(slow)
    cosines = np.sum(ours * theirs, axis=1) / np.linalg.norm(theirs, axis=1)
    lines = [
        Line("speed", "passages", "1/s", len(asked) / best, len(asked) / base),
        Line("speed", "tokens", "1/s", sum(tokens) / best, sum(tokens) / base),
        *(
            Line(
                "share of the peak",
                f"{kind} matrix product, {peak / 1e9:.0f} GFLOP/s",
                "%",
                100 * needed / best / peak,
                100 * needed / base / peak,
            )
            for kind, peak in peaks.items()
        ),
        Line("vectors", "least cosine with the baseline's", "", float(cosines.min()), 1.0),
    ]
    note = (
        f"{len(asked)} passages of {sum(tokens) / len(asked):.0f} tokens and {needed / len(asked) / 1e9:.1f} GFLOP each, by "
        f"{encoder.arithmetic}; medians of {rounds} rounds in turns."
    )
    return Table(f"encode --passages {count} --rounds {rounds}", "Encoding passages", note, tuple(lines))
