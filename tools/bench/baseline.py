"""The baseline: sentence-transformers with its defaults and FAISS's exact index, in as few lines as most people would write.

Run as a program by its path, so that it loads nothing of Quipu:

    python -P tools/bench/baseline.py ask MODEL FOLDER QUESTION    print the best passage
    python -P tools/bench/baseline.py serve MODEL FOLDER           serve the same, and print the address
    python -P tools/bench/baseline.py add MODEL FOLDER FILE...     index files, parsed and split by Quipu's `corpus`

FOLDER holds `passages.json`, a list of texts, and `vectors.faiss`.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Baseline:
    """A model and an index, as in the quick start of sentence-transformers."""

    def __init__(self, model: str, passages: Sequence[str] = (), vectors: NDArray[np.float32] | None = None) -> None:
        import faiss
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(model)
        self.passages = list(passages)
        self.index = faiss.IndexFlatIP(self.model.get_embedding_dimension())
        if vectors is not None:
            self.index.add(vectors)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row per text, (n, d)."""
        rows: NDArray[np.float32] = self.model.encode(list(texts))
        return rows

    def search(self, question: str, k: int = 10) -> list[int]:
        """Return the numbers of the `k` passages nearest to the question, best first."""
        _, rows = self.index.search(self.encode([question]), k)
        return [int(row) for row in rows[0]]

    def save(self, folder: Path) -> None:
        """Write the passages and the index into a folder."""
        import faiss

        (folder / "passages.json").write_text(json.dumps(self.passages), encoding="utf-8")
        faiss.write_index(self.index, str(folder / "vectors.faiss"))

    @classmethod
    def load(cls, model: str, folder: Path) -> "Baseline":
        """Load what `save` wrote."""
        import faiss

        baseline = cls(model, json.loads((folder / "passages.json").read_text(encoding="utf-8")))
        baseline.index = faiss.read_index(str(folder / "vectors.faiss"))
        return baseline


def add(model: str, folder: Path, files: Sequence[Path]) -> dict[str, list[list[int]]]:
    """Parse, split, encode and index files one after the other. Return the ranges of the passages by document id."""
    from corpus import encoded_text, read, split

    baseline = Baseline(model)
    limit = int(baseline.model.max_seq_length or 0)

    def count_tokens(text: str) -> int:
        return len(baseline.model.tokenizer(text, verbose=False)["input_ids"])

    ranges = {}
    for path in files:
        document = read(path)
        passages = split(document, count_tokens, limit)
        baseline.passages += (encoded_text(document, passage, count_tokens, limit) for passage in passages)
        ranges[document.id] = [[passage.start, passage.end] for passage in passages]
    baseline.index.add(baseline.encode(baseline.passages))
    baseline.save(folder)
    return ranges


def serve(baseline: Baseline) -> None:
    """Answer `POST /api/ask` with the best passages, on a free port of this machine, and print the address."""
    import socket

    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/api/ask")
    async def ask(body: dict[str, str]) -> dict[str, Any]:
        return {"passages": [baseline.passages[row] for row in baseline.search(body["question"])]}

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - a program of its own
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listener])


def main(command: str, model: str, folder: Path, arguments: Sequence[str]) -> None:
    """Run one of the commands at the top of this file."""
    if command == "add":
        print(json.dumps(add(model, folder, [Path(argument) for argument in arguments])))  # noqa: T201 - a program of its own
        return
    baseline = Baseline.load(model, folder)
    if command == "serve":
        serve(baseline)
    else:
        print(baseline.passages[baseline.search(arguments[0])[0]], flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"  # the model is on this machine
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
