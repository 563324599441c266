"""Kinds of values in table cells, by their form in English and Spanish: numbers, years and dates, periods, and none."""

import re

_CURRENCY = r"(?:US\$|S/\.?|[A-Z]{3}|[$€£¥])"
_NUMBER = re.compile(
    rf"[(\[]?\s*[-+−–±<>≤≥~]?\s*{_CURRENCY}?\s*[-+−]?\s*\d(?:[\d.,'’ \u00a0\u202f]*\d)?(?:[eE][-+]?\d+)?"
    rf"\s*(?:%|{_CURRENCY})?\s*[)\]]?\s*[*†‡⁰-⁹¹²³]{{0,3}}"
)
_YEAR = re.compile(r"(?:FY\s?)?((?:1[89]|20)\d\d)(?:\s?[-/–]\s?(?:20)?\d\d)?\s*[EAFPepr*]?")
MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|junio"
    "|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
)
"""The names of the months, as alternatives in a regular expression."""

_MONTH = rf"(?:{MONTHS}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|set|dic)\.?)"
_DATE = re.compile(
    r"\d{4}[-/.]\d\d?(?:[-/.]\d\d?)?(?:[T ][\d:.]+Z?)?|\d\d?[-/.]\d\d?[-/.]\d{2,4}(?: [\d:.]+)?|\d\d?:\d\d(?::\d\d)?"
    rf"|\d\d?(?: de |[ -]){_MONTH}(?:(?: de |[ ,-]+)\d{{2,4}})?|{_MONTH} \d\d?, \d{{4}}|{_MONTH}(?: de |[ -])\d{{2,4}}",
    re.IGNORECASE,
)
_PERIOD = re.compile(rf"{_MONTH}|(?:Q[1-4]|[1-4]Q|T[1-4]|[1-4]T|H[12]|[12]H)(?:[ -]?\d{{2,4}})?", re.IGNORECASE)
_MISSING = re.compile(r"[-–—.…*•/?\s]*|n\.?\s?[/.]?\s?[adsm]\.?|n\.?\s?disp\.?|nil|none|null|x", re.IGNORECASE)


def is_number(text: str) -> bool:
    """Return whether a text is a number, which may be an amount of money or a percentage; a year or date is not."""
    return _NUMBER.fullmatch(text) is not None and not is_date(text)


def is_date(text: str) -> bool:
    """Return whether a text is a date, a year or a time of day."""
    return _YEAR.fullmatch(text) is not None or _DATE.fullmatch(text) is not None


def is_period(text: str) -> bool:
    """Return whether a text is a year, a date, a month, a quarter or a half-year."""
    return is_date(text) or _PERIOD.fullmatch(text) is not None


def is_missing(text: str) -> bool:
    """Return whether a text stands for a missing value, such as "n/a" or a dash."""
    return _MISSING.fullmatch(text) is not None


def year_of(text: str) -> int | None:
    """Return the year that a text is, the first one of "2020-21"; None if it isn't a year."""
    year = _YEAR.fullmatch(text)
    return int(year[1]) if year else None
