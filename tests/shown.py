"""What many tests compare: the blocks of a document as they are shown."""

from corpus import Document


def blocks_of(document: Document) -> list[str]:
    return [document.shown(*block) for block in document.blocks]


def levelled(document: Document) -> list[tuple[int, str]]:
    """The blocks with their levels as headings, 0 for text."""
    levels = {heading.start: heading.level for heading in document.headings}
    return [(levels.get(block.start, 0), document.shown(*block)) for block in document.blocks]


NumberedBlocks = list[tuple[int | None, str]]


def numbered_blocks(document: Document) -> NumberedBlocks:
    """Every block with its row number, as (number, text); headings have -1."""
    headings = {heading.start for heading in document.headings}
    blocks = []
    for block in document.blocks:
        row = document.row_at(block.start)
        number = row.number if row else None
        blocks.append((-1 if block.start in headings else number, document.shown(*block)))
    return blocks
