"""The traits computed from orders: key, type, unit, group and meaning. Labels stand in `wording/traits.toml`."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.rhythm import SILENCE
from custrata.schema import MONEY, SUM

# A share of 0 to 1 with all the digits that fit, so that nothing is decided by rounding.
SHARE = "decimal(18, 17)"
DAYS = "decimal(18, 2)"
AVERAGE = "decimal(38, 2)"
REACHES = "; unknown where the facts do not reach back that far"
# How many days the facts must reach back for a trait that looks at an earlier window.
EARLIER: dict[str, int] = {
    **dict.fromkeys(("orders_before_90d", "spend_before_90d", "orders_change_90d", "spend_change_90d"), 180),
    **dict.fromkeys(("orders_before_365d", "spend_before_365d", "spend_change_365d"), 730),
}


@dataclass(frozen=True)
class Trait:
    """One computed column of the profile.

    `unit` is one of money, orders, days, share, count, ratio, or empty for names and dates; `zero` says that a
    customer without any such order has 0 rather than nothing.
    """

    key: str
    type: str
    unit: str
    group: str
    meaning: str
    zero: bool = False


def _group(group: str, *rows: tuple[str, str, str, str]) -> list[Trait]:
    """Traits of a group; a type with a trailing 0 counts from nought."""
    return [
        Trait(key, kind.removesuffix("0").strip(), unit, group, meaning, kind.endswith(" 0"))
        for key, kind, unit, meaning in rows
    ]


_TRAITS = [
    *_group(
        "time",
        ("first_order_on", "date", "", "day of the first counted order"),
        ("last_order_on", "date", "", "day of the newest counted order"),
        ("tenure_days", "int32", "days", "days from the first order day to the day of `as_of`"),
        ("recency_days", "int32", "days", "days from the last order day to the day of `as_of`"),
        ("orders", "int32 0", "orders", "counted orders in the window"),
        ("orders_all", "int32 0", "orders", "counted orders of all time"),
        ("orders_30d", "int32 0", "orders", "counted orders of the last 30 days"),
        ("orders_90d", "int32 0", "orders", "counted orders of the last 90 days"),
        ("orders_before_90d", "int32", "orders", "counted orders of the 90 days before those" + REACHES),
        ("orders_before_365d", "int32", "orders", "counted orders of the 365 days before the last 365" + REACHES),
        ("orders_change_90d", "int32", "orders", "`orders_90d` less `orders_before_90d`" + REACHES),
        ("order_days", "int32 0", "days", "distinct days with a counted order, of all time"),
    ),
    *_group(
        "money",
        (
            "sales",
            SUM + " 0",
            "money",
            "net of the counted orders in the window, returns that name no order left out",
        ),
        ("spend", SUM + " 0", "money", "`sales` less the returns in the window that name no order"),
        ("spend_all", SUM + " 0", "money", "spend of all time"),
        ("spend_30d", SUM + " 0", "money", "spend of the last 30 days"),
        ("spend_90d", SUM + " 0", "money", "spend of the last 90 days"),
        ("spend_before_90d", SUM, "money", "spend of the 90 days before those" + REACHES),
        ("spend_before_365d", SUM, "money", "spend of the 365 days before the last 365" + REACHES),
        ("spend_change_90d", SUM, "money", "`spend_90d` less `spend_before_90d`" + REACHES),
        ("spend_change_365d", SUM, "money", "spend of the last 365 days less `spend_before_365d`" + REACHES),
        ("average_order_value", SUM, "money", "`spend` ÷ `orders`: returns that name no order are taken off it"),
        ("average_order_value_all", SUM, "money", "the same over all time"),
        ("largest_order", MONEY, "money", "net of the largest counted order of all time"),
        ("first_order_value", MONEY, "money", "net of the first counted order; of several at one instant the smallest"),
        ("last_order_value", MONEY, "money", "net of the newest counted order; of several at one instant the largest"),
    ),
    *_group(
        "rhythm",
        ("median_gap_days", "int32", "days", "discrete median of the days between distinct order days, of all time"),
        ("mean_gap_days", DAYS, "days", "mean of the same"),
        ("upper_gap_days", "int32", "days", "discrete upper quartile of the same"),
        ("longest_gap_days", "int32", "days", "the longest of them"),
        ("last_gap_days", "int32", "days", "days between the two newest order days"),
        ("rhythm_days", DAYS, "days", "(n · own median + 5 · population median) ÷ (n + 5), with n gaps"),
        (
            "silence",
            SILENCE,
            "ratio",
            "`recency_days` ÷ rhythm: how many of the usual gaps the customer has been silent",
        ),
        (
            "last_gap_silence",
            SILENCE,
            "ratio",
            "`last_gap_days` ÷ rhythm: how silent the customer was before the newest order",
        ),
        *(
            (
                f"comeback_{start}",
                SILENCE,
                "ratio",
                f"the longest silence that an order of the last 90 days ended, in the usual gaps known before it; of "
                f"orders before which {days} known; empty under one usual gap",
            )
            for start, days in (
                (1, "one order day was"),
                (2, "2 or 3 order days were"),
                (4, "4 to 12 order days were"),
                (13, "13 or more order days were"),
            )
        ),
        ("next_order_expected_on", "date", "", "last order day plus the rhythm"),
        (
            "active_periods",
            "int32 0",
            "count",
            "periods of the window with an order; see the loyalty page for the period",
        ),
        ("regularity", SHARE, "share", "`active_periods` ÷ periods since the first order in the window"),
        ("weekend_share", SHARE, "share", "share of the window's orders placed on Saturday or Sunday"),
        (
            "favourite_weekday",
            "int32",
            "",
            "the weekday most ordered on in the window, 1 = Monday; of equals the earlier",
        ),
        (
            "favourite_daypart",
            "string",
            "",
            "night, morning, afternoon or evening, six hours each from midnight; of equals the earlier",
        ),
    ),
    *_group(
        "price",
        ("discount", SUM + " 0", "money", "discounts on the counted orders in the window"),
        ("discount_rate", SHARE, "share", "`discount` ÷ (`sales` + `discount`)"),
        ("discounted_orders", "int32 0", "orders", "counted orders in the window with a discount"),
        ("discounted_order_share", SHARE, "share", "`discounted_orders` ÷ `orders`"),
        ("full_price_share", SHARE, "share", "share of `sales` from orders without a discount"),
    ),
    *_group(
        "returns",
        (
            "returns",
            "int32 0",
            "count",
            "returns in the window that name no order, and orders wholly or partly given back",
        ),
        ("returned_value", SUM + " 0", "money", "value given back in the window: refunds and returns, named or not"),
        (
            "return_rate",
            SHARE,
            "share",
            "`returned_value` ÷ value sold in the window before refunds, at most 1; empty if that is 0",
        ),
        ("refunded_orders", "int32 0", "orders", "orders in the window that were wholly given back"),
        ("last_return_on", "date", "", "day of the newest return that names no order"),
    ),
    *_group(
        "breadth",
        ("categories", "int32 0", "count", "distinct product categories bought in the window"),
        ("new_categories_90d", "int32 0", "count", "categories first bought within the last 90 days"),
        (
            "top_category",
            "string",
            "",
            "the category with the highest spend in the window; of equals the first by name",
        ),
        ("top_category_share", SHARE, "share", "its share of the window's spend on lines"),
        ("second_category", "string", "", "the category with the second highest spend"),
        ("category_concentration", SHARE, "share", "sum of the squared spend shares of the categories (Herfindahl)"),
        ("products", "int32 0", "count", "distinct products bought in the window"),
        ("items", "decimal(38, 3) 0", "count", "quantity bought in the window"),
        ("items_per_order", AVERAGE, "count", "`items` ÷ orders with lines"),
        ("lines_per_order", DAYS, "count", "lines ÷ orders with lines"),
    ),
    *_group(
        "channel",
        ("channels", "int32 0", "count", "distinct channels of the window's orders"),
        ("top_channel", "string", "", "the channel of most orders in the window; of equals higher sales, then name"),
        ("top_channel_share", SHARE, "share", "its share of the window's orders whose channel is known"),
        ("stores", "int32 0", "count", "distinct stores of the window's orders"),
        ("top_store", "string", "", "the store of most orders in the window; of equals higher sales, then name"),
        ("top_store_share", SHARE, "share", "its share of the window's orders whose store is known"),
    ),
]


CATALOGUE: dict[str, Trait] = {trait.key: trait for trait in _TRAITS}


def uncovered(since: int | None, as_of: AsOf) -> tuple[str, ...]:
    """The traits that are unknown, since their earlier window begins before `since`, the first day of the facts."""
    return tuple(key for key, days in EARLIER.items() if since is None or since > as_of.day_of_start(days))


def conformed(table: ir.Table, *, whole: bool = True) -> ir.Table:
    """`customer_id` and the traits in catalogue order and type; what counts from nought is 0 where nothing was found.

    A trait that the table lacks is empty, or left out where the profile need not be `whole`.
    """
    columns: dict[str, ir.Value] = {}
    for trait in CATALOGUE.values():
        if trait.key not in table.columns and not whole:
            continue
        value = table[trait.key].cast(trait.type) if trait.key in table.columns else ibis.null(trait.type)
        columns[trait.key] = value.fill_null(ibis.literal(0).cast(trait.type)) if trait.zero else value
    return table.select("customer_id", **columns)
