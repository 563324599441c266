"""Makes zips, and others of them."""

import io
from collections.abc import Callable, Mapping
from zipfile import ZIP_DEFLATED, ZipFile


def packed(members: Mapping[str, str | bytes], compression: int = ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A zip with one part changed, or added if it isn't there."""
    with ZipFile(io.BytesIO(data)) as archive:
        members = {part: archive.read(part) for part in archive.namelist()}
    return packed(members | {name: change(members.get(name, b""))})
