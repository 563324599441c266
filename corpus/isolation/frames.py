"""The messages between a worker and the process that started it: frames of JSON followed by bytes, over pipes.

Nothing is pickled, so a parser that a crafted file has taken over can send nothing but data.
"""

import json
import struct
from typing import Any, BinaryIO

LARGEST_MESSAGE = 128 << 20
"""The most bytes of JSON accepted: enough for about 30,000 pages of text with their ranges, too few to exhaust memory."""

_LENGTHS = struct.Struct(">QQ")


class FrameError(ValueError):
    """The data received is not a frame, or the frame is too large."""


def packed(message: dict[str, Any]) -> bytes:
    """Return a message as JSON. Raises FrameError if it is larger than `LARGEST_MESSAGE`."""
    encoded = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(encoded) > LARGEST_MESSAGE:
        raise FrameError(f"a message of {len(encoded)} bytes, where at most {LARGEST_MESSAGE} are accepted")
    return encoded


def send(pipe: BinaryIO, message: dict[str, Any], data: bytes = b"") -> None:
    """Write a frame. Raises FrameError if its message is too large, OSError if the other end is closed."""
    payload = packed(message)
    for part in (_LENGTHS.pack(len(payload), len(data)), payload, data):
        pipe.write(part)
    pipe.flush()


def receive(pipe: BinaryIO, max_bytes: int) -> tuple[dict[str, Any], bytes]:
    """Return the message and the bytes of the next frame.

    Raises EOFError at the end of the pipe, and FrameError for anything but a frame, or for one of more than `max_bytes` bytes.
    """
    length, size = _LENGTHS.unpack(_read_exactly(pipe, _LENGTHS.size))
    if length > LARGEST_MESSAGE or size > max_bytes:
        raise FrameError(f"a frame of {length} and {size} bytes, where at most {LARGEST_MESSAGE} and {max_bytes} are accepted")
    payload, data = _read_exactly(pipe, length), _read_exactly(pipe, size)
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame that is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise FrameError("a frame that is not a JSON object")
    return message, data


def _read_exactly(pipe: BinaryIO, length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data
