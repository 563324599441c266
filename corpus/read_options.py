"""How files are read, and the limits on a single file."""

import shutil
from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read, and the limits on a single file.

    `ocr` turns OCR of scanned pages on. `megabytes` limits a file's size, and what is unpacked from an archive. A parser may go
    `seconds` without a sign of life, and use `memory` megabytes.
    """

    ocr: bool = True
    megabytes: int = 500
    seconds: int = 120
    memory: int = 2048

    @property
    def can_ocr(self) -> bool:
        """Whether scanned pages can be read: OCR is on, and tesseract is installed."""
        return self.ocr and shutil.which("tesseract") is not None


DEFAULT_READ_OPTIONS = ReadOptions()
