"""What a worker and the process that started it say to each other: frames of JSON with bytes behind them, over pipes.

Nothing is pickled: a reader that a crafted file has taken over can say no more than a frame holds.
"""

import json
import struct
from typing import Any, BinaryIO

LARGEST_MESSAGE = 128 << 20
"""Bytes of JSON that are taken: a text of some 30,000 pages with its ranges, and less than a process runs out of memory by."""

_LENGTHS = struct.Struct(">QQ")


class FrameError(ValueError):
    """What came is no frame, or a larger one than is taken."""


def packed(message: dict[str, Any]) -> bytes:
    """A message as JSON. Raises FrameError if it is larger than `LARGEST_MESSAGE`."""
    found = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(found) > LARGEST_MESSAGE:
        raise FrameError(f"a message of {len(found)} bytes, where {LARGEST_MESSAGE} are taken")
    return found


def send(pipe: BinaryIO, message: dict[str, Any], data: bytes = b"") -> None:
    """Write a frame. Raises FrameError if its message is too large, OSError if nobody reads it."""
    written = packed(message)
    for part in (_LENGTHS.pack(len(written), len(data)), written, data):
        pipe.write(part)
    pipe.flush()


def receive(pipe: BinaryIO, most: int) -> tuple[dict[str, Any], bytes]:
    """The next frame's message, and its bytes, of which `most` are taken. Raises EOFError at the end, FrameError for anything else
    than a frame.
    """
    length, size = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if length > LARGEST_MESSAGE or size > most:
        raise FrameError(f"a frame of {length} and {size} bytes, where {LARGEST_MESSAGE} and {most} are taken")
    written, data = _exactly(pipe, length), _exactly(pipe, size)
    try:
        message = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame that is no JSON: {error}") from None
    if not isinstance(message, dict):
        raise FrameError("a frame that holds no object")
    return message, data


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data
