"""Whether orders for which nothing was paid count: a choice of the workspace."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

from custrata.errors import BadInput

FreeOrders: TypeAlias = Literal["count", "ignore"]


class UnknownFreeOrders(BadInput):
    template = "Free orders cannot be treated by “{given}”. Use count or ignore."


def free_orders_named(text: str) -> FreeOrders:
    """The word, known to be one of the two.

    Raises `UnknownFreeOrders`.

    >>> free_orders_named("ignore")
    'ignore'
    """
    if text not in get_args(FreeOrders):
        raise UnknownFreeOrders(given=text)
    return cast(FreeOrders, text)
