"""The meaning of status words: a catalogue by platform, and a question about words that it does not contain."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources

from custrata.ingest.headers import simplified
from custrata.ingest.questions import Dialog, Question

# Besides the statuses of an order: part of it was given back, and rows that are no orders.
PARTLY, LEFT_OUT = "partly_refunded", "leave_out"
MEANINGS = ("completed", "pending", "cancelled", "refunded", PARTLY, LEFT_OUT)
UNSOLD, SOLD = ("cancelled", "pending"), ("completed", "refunded", PARTLY)
MOST_WORDS = 40  # of a column that is a status
HINTS = (
    ("cancelled", re.compile(r"取消|关闭|作废|失败|拒|cancel|void|abort|storn|annul|fail|reject|declin|キャンセル")),
    (PARTLY, re.compile(r"部分退|partial.*refund")),
    ("pending", re.compile(r"退款中|退货中|售后中|申请|待退|审核|中$|request|process|progress")),
    ("refunded", re.compile(r"退款|退货|refund|return|erstatt|rembours|reembols|返金|返品")),
)
# Words that other columns use as well: they alone do not identify a status column.
COMMON = {"new", "open", "ok", "done", "return", "sale", "paid", "success", "received", "成功", "完成", "取消", "退货",
          "退款", "offen", "processed", "active", "closed", "void", "invalid", "无效", "失败", "关闭"}  # fmt: skip


def bare(word: str) -> str:
    """A status word without case, accents, signs, spaces and traditional characters; what stands first in brackets
    and the prefix of WooCommerce go too.

    >>> bare("wc-completed"), bare("卖家已发货，等待买家确认"), bare("(删除)等待付款确认"), bare("Payée")
    ('completed', '卖家已发货等待买家确认', '等待付款确认', 'payee')
    """
    text = unicodedata.normalize("NFKC", word).strip().lower().removeprefix("wc-")
    text = re.sub(r"^\([^)]*\)(?=.)", "", text)
    plain = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    # Composed again: the marks of Japanese letters are no accents.
    letters = text if any("\u3040" <= letter <= "\u30ff" for letter in text) else plain
    return simplified("".join(letter for letter in letters if letter.isalnum()))


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, dict[str, str]]:
    """Of every platform, and `general`, what each bare word means."""
    data = tomllib.loads((resources.files(__package__) / "statuses.toml").read_text("utf-8"))
    return {
        platform: {bare(word): status for status, words in meanings.items() for word in words}
        for platform, meanings in data.items()
    }


@lru_cache(maxsize=1)
def _shared() -> dict[str, str]:
    """The words that have the same meaning on all platforms."""
    senses: defaultdict[str, set[str]] = defaultdict(set)
    for words in _catalogue().values():
        for word, status in words.items():
            senses[word].add(status)
    return {word: statuses.pop() for word, statuses in senses.items() if len(statuses) == 1}


def status_of(word: str, platform: str | None = None) -> str | None:
    """What a word means: as the platform uses it, else in general, else where all platforms agree.

    >>> status_of("holded"), status_of("closed"), status_of("closed", "magento"), status_of("Shipped - Picked Up")
    ('pending', None, 'refunded', 'completed')
    """
    text, catalogue = bare(word), _catalogue()
    own = catalogue.get(platform or "", {}).get(text)
    return own or catalogue["general"].get(text) or _shared().get(text)


def is_status(values: Iterable[str], *, by_header: bool) -> bool:
    """Whether cells are order statuses: few words; without a header that says so, half of them known and specific, or
    one that only orders have, such as 已取消 or refunded."""
    distinct = set(values)
    if len(distinct) > MOST_WORDS:
        return False
    recognised = {word for word in distinct if status_of(word)}
    if by_header:
        return True
    telling = {word for word in recognised if bare(word) not in COMMON}
    undone = {word for word in telling if status_of(word) in ("cancelled", "refunded", PARTLY)}
    if undone and len(distinct) <= MOST_WORDS // 2:
        return True
    return len(recognised) >= 2 and bool(telling) and len(recognised) * 2 >= len(distinct)


def proposed(word: str) -> str:
    """The proposed meaning of an unknown word; it is never a sale."""
    text = unicodedata.normalize("NFKC", word).lower()
    return next((status for status, hint in HINTS if hint.search(text)), "pending")


def words_of(values: Iterable[str], platform: str | None) -> dict[str, str]:
    """The words of a column that have a meaning, with it."""
    distinct = set(values)
    if len(distinct) > 5 * MOST_WORDS:
        return {}
    return {word: status for word in distinct if (status := status_of(word, platform))}


def ask_statuses(dialog: Dialog, unknown: Mapping[str, int], header: str) -> dict[str, str]:
    """The meaning of words that the catalogue does not contain, asked for each; adds a notice."""
    total = len(unknown)
    if total > MOST_WORDS:
        return _ask_one_meaning(dialog, unknown, header)
    answers = {}
    for word, rows in sorted(unknown.items(), key=lambda entry: (-entry[1], entry[0])):
        facts = {"word": word, "rows": rows, "header": header}
        question = Question(f"status.{word}", MEANINGS, proposed(word), facts)
        answers[word] = dialog.ask(question)
    if total:
        example = "; ".join(f"{word} → {status}" for word, status in list(answers.items())[:5])
        dialog.tell("status_words", sum(unknown.values()), example, header=header, words=total)
    return answers


def _ask_one_meaning(dialog: Dialog, unknown: Mapping[str, int], header: str) -> dict[str, str]:
    """One meaning for all unknown words of a column that has too many to ask about each."""
    example = ", ".join(sorted(unknown, key=lambda word: (-unknown[word], word))[:5])
    facts = {"words": len(unknown), "rows": sum(unknown.values()), "header": header, "example": example}
    choice = dialog.ask(Question("status_others", MEANINGS, "pending", facts))
    summary = f"{example} … → {choice}"
    dialog.tell("status_words", sum(unknown.values()), summary, header=header, words=len(unknown))
    return dict.fromkeys(unknown, choice)


def statuses_from_decisions(decisions: Mapping[str, str]) -> dict[str, str]:
    """The words whose meaning decisions tell.

    Raises `UnknownChoice`.

    >>> statuses_from_decisions({"status.退款中": "pending", "same_number": "sum"})
    {'退款中': 'pending'}
    """
    answers = {code: choice for code, choice in decisions.items() if code.startswith("status.")}
    return {code.partition(".")[2]: Question(code, MEANINGS, "").checked(choice) for code, choice in answers.items()}
