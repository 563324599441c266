"""What tests of bad files share: whole ones to break, and the one sentence that a bad file costs."""

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
