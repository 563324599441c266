"""What a reader writes into: text laid down block by block, with the ranges of its blocks, headings, pages and runs."""

from dataclasses import dataclass, field

from corpus.document import Block, Heading, Page, Run

_RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")


def raised(text: str) -> str:
    """A superscript in characters of its own, so that 2019 with a note's number 3 doesn't read as 20193. Letters stay."""
    return text.translate(_RAISED)


@dataclass(slots=True)
class Draft:
    """A document while it is being read. `text` only grows; `blocks` and `headings` never reach back."""

    title: str = ""
    pages: list[Page] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    length: int = 0
    _parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was written so far."""
        return "".join(self._parts)

    def write(self, text: str) -> None:
        """Append `text` as it is."""
        self._parts.append(text)
        self.length += len(text)

    def block(self, text: str, level: int = 0) -> None:
        """Append a block of its own, a heading if `level` is at least 1. Blank text is left out."""
        text = text.strip()
        if not text:
            return
        if self.blocks:
            self.write("\n\n")
        start = self.length
        self.write(text)
        self.close_block(start, level)

    def close_block(self, start: int, level: int = 0) -> None:
        """Record what was written since `start` as a block, a heading if `level` is at least 1."""
        self.blocks.append(Block(start, self.length))
        if level:
            self.headings.append(Heading(level, start, self.length))
