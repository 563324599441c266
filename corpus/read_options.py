"""How files are read, and the limits of one file."""

import shutil
from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Whether pages that are pictures are read by OCR, and the limits of one file: its size in megabytes (which is also the most
    that is taken out of an archive), the seconds that its reader may go without a sign of life, and the megabytes of memory that
    it may take.
    """

    ocr: bool = True
    megabytes: int = 500
    seconds: int = 120
    memory: int = 2048

    @property
    def can_ocr(self) -> bool:
        """Whether pages that are pictures can be read: it isn't turned off, and the program is there."""
        return self.ocr and shutil.which("tesseract") is not None


DEFAULT_READ_OPTIONS = ReadOptions()
