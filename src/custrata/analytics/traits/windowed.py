"""Which traits look at the window, and which of those can be worked out for another window than the usual one."""

from __future__ import annotations

# The family of `custrata.analytics.traits.pace` that brings the trait; "" stands for the sums that are always there.
WINDOWED: dict[str, str] = {
    **dict.fromkeys(("orders", "sales", "spend", "average_order_value"), ""),
    **dict.fromkeys(("returns", "returned_value", "return_rate", "refunded_orders"), ""),
    **dict.fromkeys(("active_periods", "regularity"), "rhythm"),
    **dict.fromkeys(("weekend_share", "favourite_weekday", "favourite_daypart"), "habits"),
    **dict.fromkeys(
        ("discount", "discount_rate", "discounted_orders", "discounted_order_share", "full_price_share"), "price"
    ),
}
# From order lines, channels and stores: these are counted over the usual window alone.
ONE_WINDOW = frozenset(
    {
        "categories", "top_category", "top_category_share", "second_category", "category_concentration", "products",
        "items", "items_per_order", "lines_per_order", "channels", "top_channel", "top_channel_share", "stores",
        "top_store", "top_store_share",
    }
)  # fmt: skip
