"""The baseline: sentence-transformers with its defaults and FAISS's exact index, in as few lines as most people would take.

Run as a program by its path, so that nothing of Quipu is loaded with it:

    python -P eval/bench/baseline.py ask MODEL FOLDER QUESTION    print the best passage
    python -P eval/bench/baseline.py serve MODEL FOLDER           the same as a server, whose port it prints
    python -P eval/bench/baseline.py add MODEL FOLDER FILE...     index files, read and cut as Quipu does it

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


class Plain:
    """A model and an index, as the quick start of sentence-transformers has them."""

    def __init__(self, model: str, passages: Sequence[str] = (), vectors: NDArray[np.float32] | None = None) -> None:
        import faiss
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(model)
        self.passages = list(passages)
        self.index = faiss.IndexFlatIP(self.model.get_embedding_dimension())
        if vectors is not None:
            self.index.add(vectors)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row per text, (n, d)."""
        rows: NDArray[np.float32] = self.model.encode(list(texts))
        return rows

    def search(self, question: str, k: int = 10) -> list[int]:
        """The numbers of the `k` passages that are nearest to the question, best first."""
        _, rows = self.index.search(self.encode([question]), k)
        return [int(row) for row in rows[0]]

    def save(self, folder: Path) -> None:
        """Write the passages and the index into a folder."""
        import faiss

        (folder / "passages.json").write_text(json.dumps(self.passages), encoding="utf-8")
        faiss.write_index(self.index, str(folder / "vectors.faiss"))

    @classmethod
    def load(cls, model: str, folder: Path) -> "Plain":
        """What `save` wrote."""
        import faiss

        plain = cls(model, json.loads((folder / "passages.json").read_text(encoding="utf-8")))
        plain.index = faiss.read_index(str(folder / "vectors.faiss"))
        return plain


def add(model: str, folder: Path, files: Sequence[Path]) -> dict[str, list[list[int]]]:
    """Index files one after the other. Gives the ranges of the passages by the document's id."""
    from corpus import encoded_text, read, split

    plain = Plain(model)
    limit = int(plain.model.max_seq_length or 0)

    def count(text: str) -> int:
        return len(plain.model.tokenizer(text, verbose=False)["input_ids"])

    made = {}
    for path in files:
        document = read(path)
        passages = split(document, count, limit)
        plain.passages += (encoded_text(document, passage, count, limit) for passage in passages)
        made[document.id] = [[passage.start, passage.end] for passage in passages]
    plain.index.add(plain.encode(plain.passages))
    plain.save(folder)
    return made


def serve(plain: Plain) -> None:
    """Answer `POST /api/ask` with the best passages, on a free port of this machine, which is printed."""
    import socket

    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/api/ask")
    async def ask(asked: dict[str, str]) -> dict[str, Any]:
        return {"passages": [plain.passages[row] for row in plain.search(asked["question"])]}

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - a program of its own
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listener])


def main(command: str, model: str, folder: Path, words: Sequence[str]) -> None:
    """Do what the head of this file says."""
    if command == "add":
        print(json.dumps(add(model, folder, [Path(word) for word in words])))  # noqa: T201 - a program of its own
        return
    plain = Plain.load(model, folder)
    if command == "serve":
        serve(plain)
    else:
        print(plain.passages[plain.search(words[0])[0]], flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"  # the model is on this machine
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
