"""A search finds exactly the customers whose text contains the part, however short, and follows every change."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection
from tests.server.conftest import AT
from tests.server.customers.conftest import ImportCustomers

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import delete_customers, edit_attribute, sync_customers
from custrata.apps.customers.models import Customer, FollowedLake
from custrata.apps.customers.queries import search_customers, searching
from custrata.apps.customers.queries.searching import MOST_FOUND
from custrata.identity.folding import searchable, searched
from custrata.lake import Workspace

pytestmark = [pytest.mark.django_db, pytest.mark.database]
LETTERS = "王伟张伟é𠮷ab10013@.+-*%_\\'\"()^:ß "
MakeCustomers = Callable[..., None]


@pytest.fixture
def make_customers() -> MakeCustomers:
    """Creates customers c0, c1, … with the given search texts."""

    def make(*texts: str) -> None:
        Customer.objects.bulk_create(
            Customer(customer_id=f"c{number}", search=text, mark=0) for number, text in enumerate(texts)
        )

    return make


def matching_ids(part: str) -> set[str]:
    return set(search_customers(part).customer_ids)


@pytest.mark.parametrize("seed", range(3))
def test_finds_whoever_has_the_part_and_nobody_else(make_customers: MakeCustomers, seed: int) -> None:
    chance = random.Random(seed)
    texts = ["\n".join("".join(chance.choices(LETTERS, k=4)) for _ in range(3)) for _ in range(60)]
    make_customers(*texts)
    cut = {text[start : start + size] for text in texts[:20] for start in range(15) for size in range(1, 6)}
    for part in (*cut, *("".join(chance.choices(LETTERS, k=chance.randint(1, 4))) for _ in range(100))):
        terms = searched(part)
        every = {f"c{number}" for number, text in enumerate(texts) if terms and all(term in text for term in terms)}
        assert matching_ids(part) == every, part


@pytest.mark.parametrize("part", ["王", "张伟", "李张伟", "1", "13", "138001", "x@y.com", "%", "_", '"', "'", "\\"])
def test_finds_what_stands_at_the_start_in_the_middle_and_at_the_end(make_customers: MakeCustomers, part: str) -> None:
    make_customers(part, f"k\n{part}k", f"k{part}", f"k\nk{part}\nk", "k\nk")
    assert matching_ids(part) == {"c0", "c1", "c2", "c3"}


NAMED = {
    "c0": ("José O’Neil", "+8613800138000", "O'Neil & Söhne"),
    "c1": ("張偉", "010-8888 7777", "張記"),
    "c2": ("Ｌｅｅ Ａｎｎ", "+442079460958", "Straße"),
}


@pytest.mark.parametrize(
    ("typed", "whom"),
    [
        ("0086 138 0013 8000", {"c0"}), ("+86-138-0013-8000", {"c0"}), ("13800138000", {"c0"}),
        ("8613800138000", {"c0"}),
        ("138 0013", {"c0"}), ("O'Neil", {"c0"}), ("O’NEIL", {"c0"}), ("o`neil", {"c0"}), ("Jose", {"c0"}),
        ("José", {"c0"}), ("Jose\u0301", {"c0"}), ("o'neil jose", {"c0"}), ("Sohne", {"c0"}), ("jose 張偉", set()),
        ("张伟", {"c1"}), ("張偉", {"c1"}), ("伟 张", {"c1"}), ("张", {"c1"}), ("01088887777", {"c1"}),
        ("+86 10 8888 7777", {"c1"}), ("010-8888", {"c1"}), ("ann lee", {"c2"}), ("Lee Ann", {"c2"}),
        ("ＬＥＥ", {"c2"}),
        ("STRASSE", {"c2"}), ("020 7946 0958", {"c2"}), ("+44 (0)20 7946 0958", {"c2"}), ("0044 20 79460958", {"c2"}),
        ("\u200b", set()), ("’", {"c0"}),
    ],
)  # fmt: skip
def test_spellings_of_one_name_match(typed: str, whom: set[str]) -> None:
    Customer.objects.bulk_create(
        Customer(customer_id=customer, search=searchable(customer, *parts), mark=0) for customer, parts in NAMED.items()
    )
    assert matching_ids(typed) == whom


def test_the_lake_is_folded_as_the_question_is(own_workspace: Workspace, import_customers: ImportCustomers) -> None:
    import_customers(customer_id=["c001", "c900"], name=["José O’Neil", "張偉"])
    sync_customers(own_workspace, at=AT)
    assert (matching_ids("oneil"), matching_ids("jose o'neil"), matching_ids("张伟")) == (set(), {"c001"}, {"c900"})


@pytest.mark.parametrize("part", ["\0", "a\0", "abc\0def"])
def test_finds_nobody_by_what_no_text_holds(make_customers: MakeCustomers, part: str) -> None:
    make_customers("abc\ndef")
    assert matching_ids(part) == set()


def test_a_short_part_that_begins_more_trigrams_than_are_asked_for_is_found(make_customers: MakeCustomers) -> None:
    make_customers(*(f"王{chr(0x4E00 + number)}" for number in range(searching.MOST_TRIGRAMS + 5)), "张伟")
    assert len(matching_ids("王")) == searching.MOST_TRIGRAMS + 5


@pytest.mark.parametrize("part", ["张", "张伟", "张伟芳"])
def test_gives_no_more_than_so_many_and_says_that_there_are(make_customers: MakeCustomers, part: str) -> None:
    make_customers(*["张伟芳"] * (MOST_FOUND + 1))
    answer = search_customers(part)
    assert (len(answer.customer_ids), answer.more) == (MOST_FOUND, True)


def test_follows_what_people_edit(followed: Workspace, anna: User) -> None:
    edit_attribute(customer_id="c007", attribute="name", value="欧阳", source_value="王007", actor=anna, at=AT)
    assert (matching_ids("欧阳"), matching_ids("王007")) == ({"c007"}, set())


def test_follows_the_lake(own_workspace: Workspace, import_customers: ImportCustomers) -> None:
    sync_customers(own_workspace, at=AT)
    assert matching_ids("王00") == {f"c00{number}" for number in range(1, 10)}
    import_customers(customer_id=["c001", "c900"], name=["诸葛", "司马"])
    sync_customers(own_workspace, at=AT)
    assert (matching_ids("诸葛"), matching_ids("司马"), matching_ids("王001")) == ({"c001"}, {"c900"}, set())


def test_forgets_whoever_is_erased(followed: Workspace) -> None:
    delete_customers(customer_ids=["c007"], at=AT)
    assert (matching_ids("王007"), matching_ids("王00")) == (
        set(),
        {f"c00{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9)},
    )


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_the_index_keeps_nothing_of_the_erased(followed: Workspace) -> None:
    delete_customers(customer_ids=[f"c{number:03}" for number in range(1, 241)], at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_trigrams_known")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_the_index_is_made_of_who_is_there_and_can_be_taken_away(make_customers: MakeCustomers) -> None:
    call_command("migrate", "customers", "0001", verbosity=0)
    make_customers("张伟")
    FollowedLake.objects.create(fingerprint="as it was")
    call_command("migrate", "customers", verbosity=0)
    assert not FollowedLake.objects.exists()  # texts folded by other rules are folded again
    assert matching_ids("张伟") == {"c0"}
