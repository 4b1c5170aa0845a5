"""The words of dates: months and weekdays in several languages, AM/PM markers, zones; from CLDR data."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale

# No word of these languages stands for two months.
LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "pl", "ru", "tr", "cs")
MONTH = "#"  # stands for the name of a month once it is known which
AFTERNOON, MORNING = "下午|晚上|中午|午後|午后|오후", "上午|凌晨|早上|清晨|午前|오전"
CJK_WEEKDAY = "(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일"
BRACKETS = r"\[[^\]]*\]|\([^)]*\)"
# Eras as Taiwan and Japan write them: the year before their first.
ERAS = {"民國": 1911, "民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925}
PARTICLES = r"\b(?:DE|DEL|OF|LE|DEN|THE|AT|UM|KL|UHR|A LAS)\b\.?"

# UTC offsets in minutes, without ambiguous names (CST, IST, BST, AST), which depend on the workspace's zone.
ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "JST": 540, "KST": 540, "HKT": 480, "SGT": 480,
    "PHT": 480, "WIB": 420, "ICT": 420, "AEST": 600, "AEDT": 660, "ACST": 570, "ACDT": 630, "AWST": 480, "NZST": 720,
    "NZDT": 780, "SAST": 120, "BRT": -180,
}  # fmt: skip


def without_accents(text: str) -> str:
    """Capitals without accents, as `strip_accents` of the engine leaves them.

    >>> without_accents("März"), without_accents("août")
    ('MARZ', 'AOUT')
    """
    split = unicodedata.normalize("NFD", text.upper())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


@lru_cache(maxsize=1)
def months() -> dict[str, str]:
    """The month of every name and abbreviation, as two digits; the longest first.

    >>> months()["MARZ"], months()["FEVR"], months()["SEPT"]
    ('03', '02', '09')
    """
    numbers = {}
    for language in LANGUAGES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in Locale(language).months[context][width].items():
                    numbers[without_accents(name).strip(".")] = f"{month:02}"
    return dict(sorted(numbers.items(), key=lambda item: -len(item[0])))


@lru_cache(maxsize=1)
def weekdays() -> tuple[str, ...]:
    """Every name of a day of the week that is no name of a month; the longest first."""
    weekday_names = set()
    for language in LANGUAGES:
        for width in ("wide", "abbreviated", "short"):
            for context in ("format", "stand-alone"):
                names = Locale(language).days[context].get(width, {})
                weekday_names |= {without_accents(name).strip(".") for name in names.values()}
    return tuple(sorted(weekday_names - set(months()), key=lambda name: -len(name)))


@lru_cache(maxsize=1)
def month_form() -> str:
    """A regular expression of the names of months."""
    return r"(?:^|[^A-ZА-Я])(" + "|".join(map(re.escape, months())) + r")(?:[^A-ZА-Я]|$)"


@lru_cache(maxsize=1)
def weekday_form() -> str:
    """A regular expression of a leading weekday with its separator; *mar* is a weekday before a month name."""
    names = "|".join(map(re.escape, weekdays()))
    return rf"^(?:{names})[., ]+|^(?:MAR|PAZ)[., ]+(\d{{1,2}}[-/. ]+(?:DE )?(?:{'|'.join(map(re.escape, months()))}))"


@lru_cache(maxsize=1)
def weekday_behind_form() -> str:
    """A regular expression of a weekday written out behind the date, as Turkish has it."""
    return rf"(\d),? (?:{'|'.join(re.escape(name) for name in weekdays() if len(name) > 3)})([ ,]|$)"


@lru_cache(maxsize=16)
def zone_names(zone: str) -> dict[str, int]:
    """The UTC offset in minutes of every name, the workspace's own zone first.

    >>> zone_names("Asia/Shanghai")["CST"], zone_names("America/Chicago")["CST"], "CST" in zone_names("UTC")
    (480, -360, False)
    """
    own = {}
    for month in (1, 7):
        moment = datetime(2024, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))
        offset = moment.utcoffset()
        if offset is not None and (moment.tzname() or "").isalpha():
            own[str(moment.tzname())] = int(offset.total_seconds()) // 60
    return ZONES | own
