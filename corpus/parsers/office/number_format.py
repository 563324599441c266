"""Numbers and dates as a spreadsheet shows them, by their number format codes (ECMA-376 part 1, section 18.8.31).

Decimal points and thousands separators are those of an English spreadsheet, whatever the language of the program that opens the
file. Colours, widths and alignment have no text. A value whose code isn't supported (fractions, conditions) is shown as General
would show it.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from typing import NamedTuple

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)(?:-(?P<language>[0-9a-f]+))?[^\]]*\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<bracket>[^\]]*)\]|(?P<general>general)|(?P<noon>am/pm|a/p)|(?P<exponent>e[+-]0+)"
    r"|(?P<year>y+)|(?P<month>m+)|(?P<day>d+)|(?P<hour>h+)|(?P<second>s+(?:\.0+)?)|(?P<digits>[0#?,]*[0#?][0#?,]*(?:\.[0#?,]*)?|\.[0#?]+)"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN_AS_WRITTEN = frozenset(("quoted", "escaped", "currency", "other"))
_BY_LOCALE = frozenset(("mm-dd-yy", "m/d/yy h:mm", "m/d/yy"))
"""Date formats that each program shows in the order of its own language; here they become ISO 8601."""

_LONGEST_CODE = 1000  # characters: spreadsheets write 255, and the time taken is quadratic in the length
_MOST_DECIMALS = 30
_PRECISION = 15  # significant digits that a spreadsheet stores
_MOST_DIGITS = 400  # enough for the largest double and its decimals
_SPANISH = 0x0A  # the primary language, in the lower ten bits of a locale's code
_MONTHS = {
    False: "January February March April May June July August September October November December".split(),
    True: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}
_DAYS = {
    False: "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    True: "lunes martes miércoles jueves viernes sábado domingo".split(),
}


class _Token(NamedTuple):
    kind: str
    text: str


class _Digits(NamedTuple):
    """How many digits of a number are shown, by a pattern such as "#,##0.00" or, for millions, "0,,"."""

    whole: int  # at least this many before the point
    least: int  # at least and at most this many after it
    most: int
    grouped: bool  # in thousands
    scale: Decimal  # that the number is multiplied by
    exponent: str


class _Section(NamedTuple):
    """One of a format's sections, separated by semicolons. For numbers, `before` and `after` are the text around the digits."""

    tokens: tuple[_Token, ...]
    is_date: bool
    is_spanish: bool
    before: str
    digits: _Digits | None
    after: str


def format_number(value: float, code: str, epoch: datetime = WINDOWS_EPOCH) -> str:
    """Return a number or date as a cell with the format `code` shows it. Dates are days since `epoch`."""
    sections = _sections(code)
    section = sections[0]
    if section is not None and section.is_date:
        return _date(value, code, section, epoch)
    if value < 0 and len(sections) > 1:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    if section is None or not section.tokens:
        return _general(value)
    return _number(value, section)


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section | None, ...]:
    """Return the format's sections, for positive numbers, negative ones, zero and text; None for each one that isn't supported."""
    if len(code) > _LONGEST_CODE:
        return (None,)
    parts: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or ""
        kind = "currency" if kind == "language" else kind
        if kind == "other" and match[0] == ";":
            parts.append([])
        elif kind == "bracket" and match[0][1:2] in "<>=":
            parts[-1].append(_Token("condition", match[0]))
        elif kind and kind != "bracket":
            parts[-1].append(_Token(kind, match[kind]))
    is_spanish = any(int(language, 16) & 0x3FF == _SPANISH for language in re.findall(r"\[\$[^\]-]*-([0-9a-fA-F]{3,8})\]", code))
    return tuple(
        _section(tuple(part), is_spanish=is_spanish, is_date=index == 0 and is_date_format(code))
        for index, part in enumerate(parts)
    )


def _section(tokens: tuple[_Token, ...], *, is_spanish: bool, is_date: bool) -> _Section | None:
    kinds = [token.kind for token in tokens]
    is_fraction = any(token == ("other", "/") for token in tokens) and "digits" in kinds
    if "condition" in kinds or (not is_date and (is_fraction or kinds.count("digits") > 1 or "general" in kinds)):
        return None
    digits_at = kinds.index("digits") if "digits" in kinds else len(kinds)
    before, after = (
        "".join(token.text for token in part if token.kind in _SHOWN_AS_WRITTEN)
        for part in (tokens[:digits_at], tokens[digits_at + 1 :])
    )
    return _Section(tokens, is_date, is_spanish, before.lstrip(), _digits_pattern(tokens, digits_at), after.rstrip())


def _digits_pattern(tokens: tuple[_Token, ...], digits_at: int) -> _Digits | None:
    if digits_at == len(tokens):
        return None
    pattern = tokens[digits_at].text.rstrip(",")
    whole, _, decimals = pattern.partition(".")
    percent = sum(token == ("other", "%") for token in tokens)
    scale = Decimal(100) ** percent / Decimal(1000) ** (len(tokens[digits_at].text) - len(pattern))
    least, most = min(decimals.count("0"), _MOST_DECIMALS), min(len(decimals), _MOST_DECIMALS)
    exponent = next((token.text for token in tokens if token.kind == "exponent"), "")
    return _Digits(whole.count("0"), least, most, "," in whole, scale, exponent)


def _general(value: float) -> str:
    """Return the number in the format General."""
    if value == int(value) and abs(value) < 10**_PRECISION:
        return str(int(value))
    return format(value, ".10g").upper()


def _number(value: float, section: _Section) -> str:
    """Return the number with the text around it; a minus sign comes before all of it."""
    pattern = section.digits
    if pattern is None:
        return " ".join(f"{section.before}{section.after}".split())
    digits = _scientific(abs(value), pattern) if pattern.exponent else _digits(abs(value), pattern)
    is_negative = value < 0 and not set("0.,%").issuperset(digits)
    text = f"{section.before}{digits}{section.after}"
    return f"-{text}" if is_negative else text


def _digits(value: float, pattern: _Digits) -> str:
    """Return the digits of a number that isn't negative, rounded half up."""
    number = Decimal(repr(value))
    number = number if pattern.scale == 1 else number * pattern.scale
    with localcontext(prec=_MOST_DIGITS):
        number = number.quantize(Decimal(1).scaleb(-pattern.most), ROUND_HALF_UP)
    text = f"{number:,f}" if pattern.grouped else f"{number:f}"
    if pattern.most > pattern.least:
        fixed_end = len(text) - (pattern.most - pattern.least)
        text = (text[:fixed_end] + text[fixed_end:].rstrip("0")).rstrip(".")
    if pattern.whole != 1:
        whole, point, decimals = text.partition(".")
        text = f"{whole.lstrip('0').rjust(pattern.whole, '0')}{point}{decimals}"
    return text


def _scientific(value: float, pattern: _Digits) -> str:
    mantissa, _, power = f"{Decimal(repr(value)) * pattern.scale:.{pattern.most}E}".partition("E")
    sign = "-" if power.startswith("-") else "+" if pattern.exponent[1] == "+" else ""
    return f"{mantissa}E{sign}{power.lstrip('+-').rjust(len(pattern.exponent) - 2, '0')}"


def _date(serial: float, code: str, section: _Section, epoch: datetime) -> str:
    """Return the date or time that `serial`, in days, stands for; as a plain number if no calendar has that date."""
    try:
        moment = from_excel(serial, epoch) if serial >= 0 else None
    except (OverflowError, ValueError):
        moment = None
    if isinstance(moment, time):
        moment = datetime.combine(epoch.date(), moment)
    if not isinstance(moment, datetime):
        return _general(serial)
    if code.split(";")[0].strip() in _BY_LOCALE or code.startswith("[$-F"):
        return _iso_date(moment)
    is_twelve_hour = any(token.kind == "noon" for token in section.tokens)
    parts = []
    for index, token in enumerate(section.tokens):
        is_minute = token.kind == "month" and len(token.text) < 3 and _is_minute(section.tokens, index)
        if token.kind in _SHOWN_AS_WRITTEN or token.kind == "digits":
            parts.append(token.text)
        elif token.kind == "elapsed":
            parts.append(str(int(serial * {"h": 24, "m": 1440, "s": 86400}[token.text[0].lower()] + 1e-6)))
        elif is_minute:
            parts.append(f"{moment.minute:0{len(token.text)}d}")
        else:
            parts.append(_date_part(moment, token, is_spanish=section.is_spanish, is_twelve_hour=is_twelve_hour))
    return " ".join("".join(parts).split())


def _is_minute(tokens: Sequence[_Token], index: int) -> bool:
    """Return whether an "m" means minutes, since it follows hours or precedes seconds, and not a month."""
    date_kinds = ("year", "month", "day", "hour", "second", "elapsed")
    before = next((token.kind for token in reversed(tokens[:index]) if token.kind in date_kinds), "")
    after = next((token.kind for token in tokens[index + 1 :] if token.kind in date_kinds), "")
    return before in ("hour", "elapsed") or after == "second"


def _date_part(moment: datetime, token: _Token, *, is_spanish: bool, is_twelve_hour: bool) -> str:
    length = len(token.text)
    match token.kind:
        case "year":
            return f"{moment.year:04d}" if length > 2 else f"{moment.year % 100:02d}"
        case "month":
            return _name_or_number(moment.month, length, _MONTHS[is_spanish][moment.month - 1])
        case "day":
            return _name_or_number(moment.day, length, _DAYS[is_spanish][moment.weekday()])
        case "hour":
            return f"{(moment.hour - 1) % 12 + 1 if is_twelve_hour else moment.hour:0{length}d}"
        case "second":
            whole, _, decimals = token.text.partition(".")
            fraction = f".{moment.microsecond:06d}"[: len(decimals) + 1] if decimals else ""
            return f"{moment.second:0{len(whole)}d}{fraction}"
        case "noon":
            return "AM" if moment.hour < 12 else "PM"
    return ""


def _name_or_number(number: int, length: int, name: str) -> str:
    if length <= 2:
        return f"{number:0{length}d}"
    return {3: name[:3], 5: name[:1]}.get(length, name)


def _iso_date(moment: date) -> str:
    """Return the date in ISO 8601, followed by a space and the time unless it is midnight."""
    if isinstance(moment, datetime) and moment.time() != time():
        return moment.isoformat(" ", "minutes" if moment.second == 0 else "seconds")
    return moment.date().isoformat() if isinstance(moment, datetime) else moment.isoformat()
