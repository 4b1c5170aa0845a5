"""Phrases, numbers, money, shares and dates as a language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_currency, format_compact_decimal, format_currency, format_decimal

from custrata.wording import phrase

NOTHING = "–"
LOCALES = {"zh-hans": "zh_Hans_CN", "zh-hant": "zh_Hant_TW", "en": "en_US"}
BYTES = ("B", "KB", "MB", "GB", "TB", "PB")
LONGEST_PLAIN = 10_000


@dataclass(frozen=True)
class Writer:
    """Writes for one reader: a language, a currency (ISO code), a time zone (IANA name), an area of phrases.

    >>> write = Writer("zh-hans", "USD", "Asia/Shanghai")
    >>> write.short_money(Decimal(1157000)), write.number(1204), write.share(Decimal("0.172"))
    ('US$115.7万', '1,204', '17.2%')
    """

    language: str
    currency: str
    timezone: str
    area: str = "tiers"

    @cached_property
    def locale(self) -> Locale:
        """Babel's rules for the language."""
        return Locale.parse(LOCALES[self.language])

    def __call__(self, name: str, /, **facts: object) -> str:
        """The phrase of that name."""
        return phrase(self.area, name, self.language, **facts)

    def count(self, name: str, number: int, /, **facts: object) -> str:
        """A phrase that counts something, in the singular or plural form: `name.one`, `name.other`.

        >>> Writer("en", "USD", "UTC", "report").count("customers", 1)
        '1 customer'
        """
        form = "one" if number == 1 else "other"
        return self(f"{name}.{form}", number=self.number(number), **facts)

    def number(self, value: int | Decimal, decimals: int = 0) -> str:
        """A number with its thousands grouped."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return _minus(format_decimal(_rounded(value, decimals), pattern, locale=self.locale))

    def short_number(self, value: int) -> str:
        """A number in few characters: 12.3万, 123.5K."""
        if abs(value) < LONGEST_PLAIN:
            return self.number(value)
        return _minus(format_compact_decimal(value, locale=self.locale, fraction_digits=1))

    def size(self, value: int) -> str:
        """Bytes in few characters, by thousands.

        >>> Writer("en", "USD", "UTC").size(1_234_567), Writer("en", "USD", "UTC").size(512)
        ('1.2 MB', '512 B')
        """
        size, unit = Decimal(value), 0
        while size >= 1000 and unit < len(BYTES) - 1:
            size, unit = size / 1000, unit + 1
        return f"{self.number(size, 1 if unit and size < 100 else 0)} {BYTES[unit]}"

    def money(self, value: Decimal, decimals: int = 0) -> str:
        """Money in full, rounded to whole units unless told otherwise."""
        pattern = "¤#,##0" + ("." + "0" * decimals if decimals else "")
        amount = _rounded(value, decimals)
        return _minus(format_currency(amount, self.currency, pattern, locale=self.locale, currency_digits=False))

    def short_money(self, value: Decimal) -> str:
        """Money in few characters: ¥115.7万, $1.2M."""
        if abs(value) < LONGEST_PLAIN:
            return self.money(value)
        return _minus(format_compact_currency(value, self.currency, locale=self.locale, fraction_digits=1))

    def amounts(self, values: list[Decimal | None]) -> list[str]:
        """A column of money, all with the same decimals: two where all are below a hundred, else none."""
        decimals = 2 if all(abs(value) < 100 for value in values if value is not None) else 0
        return [NOTHING if value is None else self.money(value, decimals) for value in values]

    def share(self, value: float | Decimal | None, decimals: int = 1) -> str:
        """A share in percent."""
        return NOTHING if value is None else self.number(Decimal(str(value)) * 100, decimals) + "%"

    def signed(self, value: int | None) -> str:
        """A difference with its sign: +11, −3, 0."""
        return NOTHING if value is None else ("+" if value > 0 else "") + self.number(value)

    def signed_share(self, value: float | None) -> str:
        """A growth with its sign: +4.6%, −1.8%, 0.0%."""
        return NOTHING if value is None else ("+" if round(value, 3) > 0 else "") + self.share(value)

    def day(self, value: date) -> str:
        """A day; of an instant, the day in the workspace's zone."""
        return format_date(self._local(value), "medium", locale=self.locale)

    def month(self, value: date) -> str:
        """The month of a day."""
        return format_skeleton("yMMM", self._local(value), locale=self.locale)

    def instant(self, value: datetime) -> str:
        """A day and the time on it, in the workspace's zone."""
        return f"{self.day(value)} {self._local(value):%H:%M}"

    def _local(self, value: date) -> date:
        return value.astimezone(ZoneInfo(self.timezone)) if isinstance(value, datetime) else value


def _rounded(value: int | Decimal, decimals: int) -> Decimal:
    """Rounded half up; a value that rounds to zero loses its sign."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


def _minus(text: str) -> str:
    """The typographic minus sign, as wide as a figure."""
    return text.replace("-", "\N{MINUS SIGN}")
