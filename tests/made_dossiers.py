"""A dossier made for tests, and how dossiers are packed."""

import json
import lzma
from pathlib import Path
from typing import Any

RECORD: dict[str, Any] = {
    "id": "w1-01",
    "language": "en",
    "texts": [
        {
            "genre": "report",
            "title": f"Chapter {chapter}",
            "sections": [
                {"heading": "", "sentences": {str(first): f"The port of town {chapter} was closed."}},
                {
                    "heading": "Causes",
                    "sentences": {str(first + 1): f"Silt blocked channel {chapter}.", str(first + 2): f"Dredger {chapter} sank."},
                },
            ],
        }
        for chapter, first in enumerate(range(1, 19, 3), 1)
    ],
    "translations": {"2": "El limo bloqueó el canal 1."},
    "questions": [
        {
            "text": 1,
            "kind": "why",
            "english": "Why can't ships enter?",
            "spanish": "¿Por qué no entran barcos?",
            "gold": [2],
            "arguable": [3],
            "near": [],
        },
        {
            "text": 2,
            "kind": "no-person",
            "english": "Who shut the port?",
            "spanish": "¿Quién cerró el puerto?",
            "gold": [],
            "arguable": [],
            "near": [4],
        },
    ],
}


def packed(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "dossiers.jsonl.xz"
    path.write_bytes(lzma.compress("".join(f"{json.dumps(record)}\n" for record in records).encode("utf-8")))
    return path
