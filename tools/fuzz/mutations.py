"""Breaks files at random. The same random numbers break a file in the same way."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy

from lxml import etree

NUMBERS = ("0", "-1", "1", "99999999", "4294967295", "1e308", "NaN", "", "0.0000001", "9" * 400)
"""What numbers in a file are replaced by."""

Mutation = Callable[[bytes, random.Random], bytes]
"""Breaks a file's bytes in one way, at a random place."""


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    """Flip one bit or a few."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def change_byte(data: bytes, rng: random.Random) -> bytes:
    """Replace one byte, often by one that means something in markup or text."""
    place = rng.randrange(len(data))
    return data[:place] + bytes([rng.choice((0, 0x0A, 0x20, 0x3C, 0x7F, 0xED, 0xFF, rng.randrange(256)))]) + data[place + 1 :]


def cut_short(data: bytes, rng: random.Random) -> bytes:
    """Drop the end."""
    return data[: rng.randrange(1, len(data) + 1)]


def delete(data: bytes, rng: random.Random) -> bytes:
    """Remove a range."""
    start, length = _range(data, rng)
    return data[:start] + data[start + length :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Repeat a range, up to a thousand times."""
    start, length = _range(data, rng)
    times = min(rng.choice((1, 1, 2, 20, 1000)), 200_000 // length)
    return data[: start + length] + data[start : start + length] * times + data[start + length :]


def splice(data: bytes, rng: random.Random) -> bytes:
    """Copy a range to another place."""
    start, length = _range(data, rng)
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[start : start + length] + data[place:]


def change_number(data: bytes, rng: random.Random) -> bytes:
    """Replace a number by one of `NUMBERS`."""
    return _replace(rb"\d+(?:\.\d+)?", rng.choice(NUMBERS).encode(), data, rng)


def change_word(data: bytes, rng: random.Random) -> bytes:
    """Replace a word by another one of the file."""
    words = re.findall(rb"[A-Za-z]{2,}", data)
    return _replace(rb"[A-Za-z]{2,}", rng.choice(words), data, rng) if words else data


def drop_attribute(data: bytes, rng: random.Random) -> bytes:
    """Remove an attribute of a tag."""
    return _replace(rb'\s[\w:.-]+="[^"]*"', b"", data, rng)


def repeat_tag(data: bytes, rng: random.Random) -> bytes:
    """Replace a tag by another one of the file, up to three hundred times."""
    tags = re.findall(rb"<[^>]{1,200}>", data)
    return _replace(rb"<[^>]{1,200}>", rng.choice(tags) * rng.choice((1, 2, 300)), data, rng) if tags else data


def restructure(data: bytes, rng: random.Random) -> bytes:
    """Remove, repeat, move or rename an element, or change its attributes or text; the XML stays well-formed."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return change_number(data, rng)
    elements = [element for element in root.iter() if isinstance(element.tag, str)] if root is not None else []
    for _ in range(rng.choice((1, 1, 2, 5))):
        if len(elements) > 1:
            with suppress(KeyError, ValueError):  # what it would be can't be written as XML
                _change_element(elements, rng)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True)) if elements else data


def _change_element(elements: Sequence[etree._Element], rng: random.Random) -> None:
    element, other = rng.choice(elements[1:]), rng.choice(elements)
    parent = element.getparent()
    way = rng.randrange(7)
    if way == 0 and parent is not None:
        parent.remove(element)
    elif way == 1 and parent is not None:
        for _ in range(rng.choice((1, 1, 3, 300))):
            parent.append(deepcopy(element))
    elif way == 2 and other not in element.iter():
        other.append(element)
    elif way == 3:
        element.tag = other.tag
    elif way == 4 and element.attrib:
        del element.attrib[rng.choice(list(element.attrib))]
    elif way == 5 and element.attrib:
        element.attrib[rng.choice(list(element.attrib))] = rng.choice((*NUMBERS, "x", "\u202e", *other.attrib.values()))
    else:
        element.text = rng.choice((None, "", " ", "7", "\u200b", "word " * 500, "a\nb\tc", other.text, *NUMBERS))


BYTES: Sequence[Mutation] = (flip_bits, change_byte, cut_short, delete, repeat, splice, change_number, change_word)
MARKUP: Sequence[Mutation] = (*BYTES[1:], drop_attribute, repeat_tag)
XML: Sequence[Mutation] = (restructure,)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return the file, broken one to four times; a zip is mostly broken within its members."""
    if data.startswith(b"PK") and rng.random() < 0.85:
        return _mutated_zip(data, rng)
    return _mutated(data, rng, MARKUP if b"<" in data[:100] else BYTES)


def _mutated(data: bytes, rng: random.Random, ways: Sequence[Mutation]) -> bytes:
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(ways)(data, rng) or b"\0"
    return data


def _mutated_zip(data: bytes, rng: random.Random) -> bytes:
    """Return the zip, packed anew, with one to three of its members broken, and now and then one missing or replaced by another."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with_content = [place for place, (_, content) in enumerate(members) if content]
    for _ in range(rng.randint(1, 3)):
        place = rng.choice(with_content)
        name, content = members[place]
        ways = BYTES if b"<" not in content[:100] else XML if rng.random() < 0.75 else MARKUP
        members[place] = (name, _mutated(content, rng, ways))
    if rng.random() < 0.05:
        members.pop(rng.randrange(len(members)))
    if rng.random() < 0.05:
        one, other = rng.randrange(len(members)), rng.randrange(len(members))
        members[one] = (members[one][0], members[other][1])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _range(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, rng.randint(1, max(1, min(len(data) - start, rng.choice((4, 100, 5000)))))


def _replace(pattern: bytes, new: bytes, data: bytes, rng: random.Random) -> bytes:
    matches = list(re.finditer(pattern, data))
    if not matches:
        return data
    chosen = rng.choice(matches)
    return data[: chosen.start()] + new + data[chosen.end() :]
