"""What tests of bad files share: whole ones to break, zips, and the one sentence that a bad file costs."""

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest

from corpus import DocumentError, read_bytes
from tests.samples import samples

WHOLE = samples()


def said(data: bytes, name: str) -> str:
    """The one sentence about a file that can't be read."""
    with pytest.raises(DocumentError) as raised:
        read_bytes(data, name)
    sentence = str(raised.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return sentence


def packed(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A zip with one part changed, or added if it isn't there."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {part: archive.read(part) for part in archive.namelist()}
    return packed(members | {name: change(members.get(name, b""))})
