"""What people search by, and what is searched: folded by one function, so that spellings of one name meet.

Without a difference are capitals, accents, full width, traditional and simplified characters, kinds of apostrophes and
dashes, and blanks of any sort and number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

import phonenumbers

FOLDING = 2  # a number for the rules below: what was folded by others is folded again
PHONE = re.compile(r"[\d\s()+\-.]{3,}")
BETWEEN_DIGITS = re.compile(r"[\s()\-.]")
ACCENTS = dict.fromkeys(range(768, 880))
# Letters that are none with an accent to Unicode, and signs that people do not tell apart or see.
ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʹʻʼʽˈ′`´＇", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", ""),
        "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
        "·": " ", "・": " ",
    }
)  # fmt: skip
LEAST_NATIONAL = 7  # digits of a telephone number behind its country's


def folded(text: str) -> str:
    """A text, perhaps of several lines, as searches compare it.

    >>> folded("José  O’NEIL"), folded("張偉 ＡＢＣ"), folded("Straße")
    ("jose o'neil", '张伟 abc', 'strasse')
    """
    if text.isascii():
        whole = text.lower().replace("`", "'")
    else:
        plain = unicodedata.normalize("NFKD", text.translate(ALIKE)).translate(ACCENTS).casefold().translate(ALIKE)
        whole = unicodedata.normalize("NFC", plain).translate(_simplified())
    return "\n".join(" ".join(line.split()) for line in whole.split("\n"))


def searchable(*parts: str) -> str:
    """What one customer is found by, a line for each part; numbers also without what stands between their digits.

    >>> searchable("c1", "Ann Lee", "010-8888 7777")
    'c1\\nann lee\\n010-8888 7777\\n01088887777'
    """
    lines = [folded(part.replace("\n", " ")) for part in parts]
    digits = [BETWEEN_DIGITS.sub("", line) for line in lines if PHONE.fullmatch(line)]
    return "\n".join([*lines, *(number for number in digits if number not in lines)])


def searched(text: str) -> tuple[str, ...]:
    """The parts that are looked for when somebody types this: its words in any order, or the digits of a number.

    A telephone number is looked for without its country and the nought before an area, so that `+86 …`, `0086…` and
    the bare number find the same.

    >>> searched(" 138 0013 "), searched("Lee ANN"), searched("0086 138-0013-8000"), searched("+44 20 7946 0958")
    (('1380013',), ('lee', 'ann'), ('13800138000',), ('2079460958',))
    """
    plain = folded(text.replace("\n", " "))
    if PHONE.fullmatch(plain):
        digits = BETWEEN_DIGITS.sub("", plain)
        return (_national(digits),) if digits else ()
    return tuple(dict.fromkeys(plain.split()))


def _national(number: str) -> str:
    """A number as it is dialled within its country; anything short as it is."""
    if number.startswith(("+", "00")):
        abroad = number.removeprefix("+") if number.startswith("+") else number[2:]
        for length in (1, 2, 3):
            rest = abroad[length:]
            has_country = abroad[:length].isdigit() and int(abroad[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
            if has_country and len(rest) >= LEAST_NATIONAL:
                return rest.removeprefix("0")
    trunk = number.startswith("0") and not number.startswith("00") and len(number) > LEAST_NATIONAL + 1
    return number[1:] if trunk else number


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Traditional characters and the simplified ones in their place."""
    text = resources.files(__package__).joinpath("simplified.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return str.maketrans("".join(lines[::2]), "".join(lines[1::2]))  # type: ignore[return-value]  # of single letters
