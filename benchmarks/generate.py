"""Orders of a shop that does not exist, skewed as real ones are; the same seed gives the same bytes.

How often people order and when they leave are drawn as in Pareto/NBD (Schmittlein, Morrison and Colombo, Counting
Your Customers, 1987): gamma-distributed rates, lifetimes that end at gamma-distributed rates. On top of it come what
that model leaves out and real files have: a rhythm, seasons, weekdays and hours, round prices (hence ties),
discounts, refunds, returns that name their order and returns that do not, cancelled orders, channels and stores.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]
Rows = dict[str, Whole]

FIRST_DAY, DAYS = date(2023, 7, 3), 913  # two and a half years, from a Monday
SECONDS = 86_400
START = (FIRST_DAY - date(1970, 1, 1)).days * SECONDS
BLOCK = 100_000
SALES_EACH = 9.76  # with the returns, ten rows per customer
MOST_PER_DAY = 1.2

# A lull in spring, sales in June and November.
MONTHS = (0.95, 0.70, 0.90, 0.95, 1.00, 1.25, 0.90, 0.90, 1.00, 1.05, 1.55, 1.25)
WEEKDAYS = (0.90, 0.88, 0.92, 0.95, 1.10, 1.25, 1.15)
HOURS = (2, 1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 8, 8, 8, 8, 8, 9, 11, 12, 11, 8, 4)
RATES = (5, 10, 15, 20, 30, 50)  # discounts, percent
RATE_SHARES = (0.20, 0.30, 0.15, 0.20, 0.10, 0.05)
CHANNELS, CHANNEL_SHARES = ("web", "app", "store", "mini_program"), (0.25, 0.35, 0.25, 0.15)
STORE = CHANNELS.index("store")
STORES = 200
STATUSES = ("completed", "refunded", "cancelled", "pending")
COMPLETED, REFUNDED, CANCELLED, PENDING = range(4)

WRITTEN = """
SELECT
    'O' || lpad(row.number::VARCHAR, 9, '0') AS order_id,
    'C' || lpad(row.customer::VARCHAR, 8, '0') AS customer_id,
    make_timestamp(row.wall * 1000000) AS ordered_at,
    (row.amount / 100.0)::DECIMAL(18, 2) AS amount,
    (row.discount / 100.0)::DECIMAL(18, 2) AS discount,
    (row.refund / 100.0)::DECIMAL(18, 2) AS refund,
    if(row.amount < 0, 'return', 'sale') AS kind,
    $statuses[row.status + 1] AS status,
    'O' || lpad(named.number::VARCHAR, 9, '0') AS returns_order_id,
    $channels[row.channel + 1] AS channel,
    if(row.store < 0, NULL, 'S' || lpad(row.store::VARCHAR, 3, '0')) AS store
FROM numbered AS row LEFT JOIN numbered AS named ON row.returns = named.key
ORDER BY row.number
"""


@dataclass(frozen=True)
class People:
    """A block of customers: `customer` numbers, and what is usual for each."""

    customer: Whole
    orders: Whole
    first: Real  # days of trade, see `_calendar`
    active: Real
    evenness: Real  # shape of the gamma-distributed gaps: 1 is random, more is regular
    basket: Real  # logarithm of the usual amount
    thrift: Real  # share of orders with a discount
    channel: Whole
    store: Whole


def cached_orders(folder: Path, customers: int, seed: int = 1) -> Path:
    """The file of so many customers, written where it is not there yet; another generator writes another file."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    path = folder / f"orders-{customers}-{seed}-{version}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        write_orders(half, customers, seed)
        half.replace(path)
    return path


def write_orders(path: Path, customers: int, seed: int = 1) -> int:
    """Write a CSV of the orders of so many customers, by time; returns how many rows it has.

    Columns: `order_id`, `customer_id`, `ordered_at` (wall clock, ISO), `amount` (after discount, before refund),
    `discount`, `refund`, `kind`, `status`, `returns_order_id`, `channel`, `store`.
    """
    with duckdb.connect(config={"temp_directory": str(path.parent), "memory_limit": "10GB"}) as duck:
        key = 0
        for number, offset in enumerate(range(0, customers, BLOCK)):
            rng = np.random.default_rng([seed, number])
            size = min(BLOCK, customers - offset)
            rows = _with_returns(rng, _orders(rng, _people(rng, offset + 1, size), key))
            key += len(rows["key"])
            duck.register("block", pa.table(rows))
            duck.execute("INSERT INTO drawn FROM block" if number else "CREATE TABLE drawn AS FROM block")
        duck.execute("CREATE TABLE numbered AS SELECT *, row_number() OVER (ORDER BY wall, key) AS number FROM drawn")
        duck.execute("DROP TABLE drawn")
        lists = {"statuses": list(STATUSES), "channels": list(CHANNELS)}
        duck.execute(f"COPY ({WRITTEN}) TO '{path}' (FORMAT csv, HEADER)", lists)
        return key


def _people(rng: np.random.Generator, first_number: int, size: int) -> People:
    old = rng.random(size) < 0.3
    # Whoever was a customer before the span orders soon; the others join all along it, more of them late.
    first = np.where(old, np.minimum(rng.exponential(25, size), DAYS - 1), (DAYS - 1) * rng.random(size) ** 0.85)
    lifetime = rng.exponential(1, size) / rng.gamma(0.6, 1 / 120, size).clip(1e-6)
    active = np.minimum(lifetime, DAYS - first)
    rate = rng.gamma(0.7, 1, size)
    expected_orders = rate * active
    further = np.minimum(expected_orders * (SALES_EACH - 1) * size / expected_orders.sum(), active * MOST_PER_DAY)
    return People(
        customer=np.arange(first_number, first_number + size),
        orders=1 + rng.poisson(further),
        first=first,
        active=active,
        evenness=rng.choice(np.array([1.0, 2.0, 6.0]), size, p=[0.5, 0.35, 0.15]),
        basket=rng.normal(4.6, 0.7, size),
        thrift=rng.beta(0.8, 2.0, size),
        channel=rng.choice(len(CHANNELS), size, p=CHANNEL_SHARES),
        store=(rng.pareto(1.2, size) * 4).astype(np.int64) % STORES,
    )


def _orders(rng: np.random.Generator, people: People, key: int) -> Rows:
    """The sales of a block, customer by customer; money in cents, `wall` in seconds of the clock since 1970."""
    who = np.repeat(np.arange(len(people.customer)), people.orders)
    size = len(who)
    channel = np.where(rng.random(size) < 0.8, people.channel[who], rng.choice(len(CHANNELS), size, p=CHANNEL_SHARES))
    elsewhere = rng.integers(0, STORES, size)
    store = np.where(rng.random(size) < 0.85, people.store[who], elsewhere)
    at = _instants(rng, people, who)
    gross = _prices(rng, people.basket[who])
    rate = np.where(rng.random(size) < people.thrift[who], rng.choice(RATES, size, p=RATE_SHARES), 0)
    discount = gross * rate // 100
    amount = gross - discount
    status, refund = _outcomes(rng, at, amount)
    return {
        "key": np.arange(key, key + size),
        "customer": people.customer[who],
        "wall": np.where(channel == STORE, at // 60 * 60, at),  # tills record minutes
        "amount": amount,
        "discount": discount,
        "refund": refund,
        "status": status,
        "returns": np.full(size, -1),
        "channel": channel,
        "store": np.where(channel == STORE, store, -1),
    }


def _instants(rng: np.random.Generator, people: People, who: Whole) -> Whole:
    """When each order was placed: gaps as even as is usual for the customer, over the days she is active."""
    gap = rng.gamma(people.evenness[who])
    first = np.concatenate(([0], np.cumsum(people.orders)[:-1]))
    run = np.cumsum(gap)
    # A customer's first gap stands behind her last order, so that the first order lies at the very start.
    share = (run - run[first][who]) / np.add.reduceat(gap, first)[who]
    trade = people.first[who] + people.active[who] * share
    day = np.interp(trade, _calendar(), np.arange(DAYS + 1)).astype(np.int64).clip(0, DAYS - 1)
    hours = np.concatenate(([0.0], np.cumsum(HOURS) / sum(HOURS)))
    second = np.interp(rng.random(len(who)), hours, np.arange(25) * 3600.0).astype(np.int64)
    at: Whole = START + day * SECONDS + second.clip(0, SECONDS - 1)
    return at


def _calendar() -> Real:
    """Days of trade gone by at the start of each day: a day of the November sales counts more than one of a lull."""
    days = np.arange(DAYS)
    month = (np.datetime64(FIRST_DAY) + days).astype("datetime64[M]").astype(np.int64) % 12
    busy = np.array(MONTHS)[month] * np.array(WEEKDAYS)[days % 7]
    gone: Real = np.concatenate(([0.0], np.cumsum(busy) * DAYS / busy.sum()))
    return gone


def _prices(rng: np.random.Generator, basket: Real) -> Whole:
    """Cents: nearly half end in 9.90, a third in full fives, the rest as they come."""
    price = np.exp(rng.normal(basket, 0.55)).clip(1, 50_000)
    form = rng.random(len(price))
    charm = np.ceil(price / 10) * 10 - 0.1
    full = np.ceil(price / 5) * 5
    cents: Whole = np.rint(100 * np.select([form < 0.45, form < 0.78], [charm, full], price)).astype(np.int64)
    return cents


def _outcomes(rng: np.random.Generator, at: Whole, amount: Whole) -> tuple[Whole, Whole]:
    """Status and refund: some are cancelled, some of the last days still pending, some refunded whole or in part."""
    size = len(at)
    fate = rng.random(size)
    late = (at >= START + (DAYS - 3) * SECONDS) & (rng.random(size) < 0.3)
    status = np.select([late, fate < 0.03, fate < 0.05], [PENDING, CANCELLED, REFUNDED], COMPLETED)
    part = (amount * rng.uniform(0.1, 0.6, size)).astype(np.int64)
    partly = (status == COMPLETED) & (fate < 0.08)
    refund: Whole = np.select([status == REFUNDED, partly], [amount, part], 0)
    return status, refund


def _with_returns(rng: np.random.Generator, sales: Rows) -> Rows:
    """Add the returns, rows of their own with a negative amount; six of ten name the order whose goods came back."""
    size = len(sales["key"])
    sound: Truth = (sales["status"] == COMPLETED) & (sales["refund"] == 0)
    back = np.flatnonzero(sound & (rng.random(size) < 0.027))
    returned = {name: column[back] for name, column in sales.items()}
    many = len(back)
    returned["wall"] = returned["wall"] + (SECONDS * (1 + rng.exponential(9, many))).astype(np.int64)
    part = np.where(rng.random(many) < 0.7, 1.0, rng.uniform(0.2, 0.8, many))
    returned["amount"] = -np.maximum(1, (returned["amount"] * part).astype(np.int64))
    returned["discount"] = np.zeros(many, dtype=np.int64)
    returned["returns"] = np.where(rng.random(many) < 0.6, returned["key"], -1)
    in_span = returned["wall"] < START + DAYS * SECONDS
    together = {name: np.concatenate((sales[name], returned[name][in_span])) for name in sales}
    first_key = int(sales["key"][0])
    return together | {"key": np.arange(first_key, first_key + len(together["key"]))}
