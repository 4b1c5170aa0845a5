"""Assign order ids: the number of the row, a hash of its content where it has none, and an extended number where
several orders share one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.days import as_date, local_day
from custrata.engine.functions import epoch_micros
from custrata.ingest.canonical import PRODUCT
from custrata.ingest.functions import fingerprint, md5
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Dialog, Question
from custrata.ingest.staging import INDEX, PROBLEMS, Staged
from custrata.lake import LakeSnapshot
from custrata.schema import ORDERS

BETWEEN = "\x1f"
DAY = 86_400_000_000
MOST_DAYS_APART = 2
EVIDENT = 3  # as many groups of rows are enough evidence


def with_order_ids(views: Views, staged: Staged, plan: Plan, dialog: Dialog, snapshot: LakeSnapshot) -> Staged:
    """The staged rows with their order ids."""
    if plan.kind.name == "orders":
        if plan.has("order_id"):
            staged = _returns_of_buyers(views, _returns_apart(views, staged, dialog, snapshot), plan, dialog)
            return _same_numbers(views, staged, plan, dialog, snapshot)
        return _orders_by_content(views, staged, plan, dialog)
    if plan.kind.name == "lines":
        return (
            _lines_apart(views, staged, plan, dialog)
            if plan.has("order_id")
            else _lines_by_content(views, staged, plan, dialog)
        )
    return staged


def _content_id(*parts: ir.Value) -> ir.StringValue:
    texts = [part.cast("string").fill_null("") for part in parts]
    return cast(ir.StringValue, "row-" + md5(cast(ir.StringValue, ibis.literal(BETWEEN).join(texts))).substr(0, 20))


def _orders_by_content(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """An id from the content of every row: the same customer, instant, amount and count give the same id in every
    file."""
    rows = staged.rows
    at = epoch_micros(rows.ordered_at)
    window = ibis.window(group_by=[rows.customer_id, rows.ordered_at, rows.amount], order_by=[rows[INDEX]])
    occurrence = ibis.row_number().over(window)
    number = _content_id(rows.customer_id, at, rows.amount, occurrence)
    together = _ask_grouping(views, staged, plan, dialog)
    if together:
        number = rows.customer_id.notnull().ifelse(_content_id(rows.customer_id, at), number)
    total = staged.tally.get(0, 0)
    dialog.tell("numbers_by_instant" if together else "numbers_by_content", total, _first(views, rows, plan.zone))
    return replace(staged, rows=views.materialize(rows.mutate(order_id=number)), together="rows" if together else "")


def _ask_grouping(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> bool:
    """Whether rows of one customer and instant are one order."""
    rows = staged.rows
    identified = rows.filter((rows[PROBLEMS] == 0) & rows.customer_id.notnull())
    groups = identified.group_by("customer_id", "ordered_at").agg(
        rows=identified.count(), first=identified[INDEX].min()
    )
    several = groups.filter(groups.rows > 1)
    example = several.customer_id.argmin(several["first"])
    summary = views.engine.arrow(
        several.aggregate(groups=several.count(), rows=several.rows.sum().fill_null(0), example=example)
    ).to_pylist()[0]
    if not summary["groups"]:
        return False
    facts = {"groups": summary["groups"], "rows": summary["rows"], "example": summary["example"]}
    return dialog.ask(Question("rows_without_number", ("row", "customer_instant"), "row", facts)) == "customer_instant"


def _first(views: Views, rows: ir.Table, zone: str) -> str:
    row = rows.filter(rows[PROBLEMS] == 0).select(INDEX, "customer_id", at=as_date(local_day(rows.ordered_at, zone)))
    first = views.engine.arrow(row.order_by(INDEX).limit(1)).to_pylist()
    return f"{first[0]['customer_id'] or '–'}, {first[0]['at']}" if first else ""


def _lines_by_content(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Lines of one customer and instant are one order; without a customer every line is one."""
    rows = staged.rows
    at = epoch_micros(rows.ordered_at)
    alone = [rows.ordered_at, rows[PRODUCT], rows.quantity, rows.amount]
    count = ibis.row_number().over(ibis.window(group_by=[rows.customer_id, *alone], order_by=[rows[INDEX]]))
    single = _content_id(ibis.literal(""), at, rows[PRODUCT], rows.quantity, rows.amount, count)
    number = rows.customer_id.notnull().ifelse(_content_id(rows.customer_id, at), single)
    dialog.tell("line_numbers_by_instant", staged.tally.get(0, 0), _first(views, rows, plan.zone))
    return replace(staged, rows=views.materialize(rows.mutate(order_id=number)))


def _returns_apart(views: Views, staged: Staged, dialog: Dialog, snapshot: LakeSnapshot) -> Staged:
    """Give a return that has the number of its own sale, in the file or in the workspace, a number of its own and a
    reference to the sale."""
    rows = staged.rows
    sound = rows.filter(rows[PROBLEMS] == 0)
    sales = _sales_given_back(views, sound, snapshot)
    if sales is None:
        return staged
    marked = rows.left_join(sales, rows.order_id == sales.sale)
    apart = (marked.sale.notnull() & (marked.amount < 0)).fill_null(False)
    place = ibis.row_number().over(ibis.window(group_by=[marked.order_id, apart], order_by=[marked[INDEX]]))
    end = (place == 0).ifelse(ibis.literal("-return"), "-return" + (place + 1).cast("string"))
    whole = views.materialize(marked.mutate(
        apart=apart,
        order_id=apart.ifelse(marked.order_id + end, marked.order_id),
        returns_order_id=apart.ifelse(ibis.coalesce(marked.returns_order_id, marked.order_id), marked.returns_order_id),
    ))  # fmt: skip
    moved = whole.filter(whole.apart)
    summary = views.engine.arrow(moved.aggregate(n=moved.count(), example=moved.sale.min())).to_pylist()[0]
    dialog.tell("returns_apart", int(summary["n"]), summary["example"] or "")
    return replace(staged, rows=views.create(whole.drop("sale", "apart")))


def _sales_given_back(views: Views, sound: ir.Table, snapshot: LakeSnapshot) -> ir.Table | None:
    """The order numbers of both a sale and a return of the same customer, as `sale`; None where there is none."""
    back = sound.filter(sound.amount < 0).group_by("order_id").agg(who=ibis._.customer_id.max())
    back = views.materialize(back)
    if not views.engine.arrow(back.aggregate(n=back.count())).to_pylist()[0]["n"]:
        return None
    sold = sound.filter(sound.amount > 0).select("order_id", "customer_id")
    if snapshot.rows(ORDERS.name):
        lake = snapshot.read(ORDERS.name, views.engine)
        sold = sold.union(lake.filter(lake.amount > 0).select("order_id", "customer_id"), distinct=False)
    both = back.join(sold, "order_id")
    same = (both.who == both.customer_id).fill_null(True)
    sales = views.materialize(both.filter(same).select(sale="order_id").distinct())
    return sales if views.engine.arrow(sales.aggregate(n=sales.count())).to_pylist()[0]["n"] else None


def _returns_of_buyers(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Assign returns that reference a sale of the file to the customer of that sale: refunds are often recorded under
    the shop's own account."""
    if not (plan.has("returns_order_id") and plan.has("customer_id")):
        return staged
    rows = staged.rows
    sold = rows.filter((rows[PROBLEMS] == 0) & (rows.amount > 0) & rows.customer_id.notnull())
    sales = sold.group_by("order_id").agg(buyer=sold.customer_id.max()).rename(sale="order_id")
    joined = rows.left_join(sales, rows.returns_order_id == sales.sale)
    other = (joined.amount < 0) & joined.buyer.notnull() & (joined.buyer != joined.customer_id).fill_null(True)
    whole = views.materialize(joined.mutate(other=other.fill_null(False)))
    chosen = whole.filter(whole.other)
    summary = views.engine.arrow(chosen.aggregate(n=chosen.count(), example=chosen.order_id.min())).to_pylist()[0]
    if not summary["n"]:
        return staged
    dialog.tell("returns_of_buyers", summary["n"], summary["example"])
    customer = whole.other.ifelse(whole.buyer, whole.customer_id)
    return replace(staged, rows=views.create(whole.mutate(customer_id=customer).drop("sale", "buyer", "other")))


def _has_repeats(views: Views, rows: ir.Table) -> bool:
    """Whether an order number occurs more than once."""
    counts = rows.aggregate(rows=rows.order_id.count(), numbers=fingerprint(rows.order_id).nunique())
    totals = views.engine.arrow(counts).to_pylist()[0]
    return bool(totals["rows"] != totals["numbers"])


@dataclass(frozen=True)
class Shared:
    """Order numbers shared by rows with different content: how many, and what distinguishes these rows."""

    numbers: int
    rows: int
    example: str
    other_people: int
    one_order: int
    by_store: int
    by_day: int

    def default(self, choices: tuple[str, ...]) -> str:
        """The most likely reading: several stores, tills that restart each day, parts of one order, or updated
        rows."""
        strangers = self.other_people * 2 >= self.numbers
        if "store" in choices and self.by_store == self.numbers:
            return "store"
        if self.one_order * 2 >= self.numbers:
            return "sum"
        if strangers:
            return "day" if self.by_day == self.numbers else "apart"
        return "last"

    @property
    def evident(self) -> bool:
        """Whether only one reading is possible: always different customers in different stores or on different days."""
        apart = self.numbers in (self.by_store, self.by_day)
        return self.numbers >= EVIDENT and self.other_people == self.numbers and apart


def _same_numbers(views: Views, staged: Staged, plan: Plan, dialog: Dialog, snapshot: LakeSnapshot) -> Staged:
    """Resolve rows that share a number but differ in content, within the file or with the workspace."""
    rows = staged.rows
    sound = rows.filter(rows[PROBLEMS] == 0)
    twins = _repeated_numbers(views, sound, plan) if _has_repeats(views, sound) else None
    inside = _shared(views, twins) if twins is not None else None
    outside = _in_use(views, sound, plan, snapshot)
    shared = inside or outside
    if shared is None:
        return staged
    store = ("store",) if plan.has("store") else ()
    choices = ("day", *store, "sum", "apart", "last")
    facts = {"numbers": shared.numbers, "rows": shared.rows, "example": shared.example}
    family = "same_number" if inside else "number_in_use"
    if not inside:
        choices = ("day", *store, "last")
    question = Question(family, choices, shared.default(choices), facts)
    choice = dialog.ask(question, evident=inside is not None and outside is None and shared.evident)
    dialog.tell(f"{family}_{choice}", shared.numbers, shared.example, rows=shared.rows)
    return _disambiguated(views, staged, plan, choice, twins)


def _repeated_numbers(views: Views, sound: ir.Table, plan: Plan) -> ir.Table:
    """The distinct rows whose number occurs several times, with the columns needed to compare them."""
    several = sound.group_by("order_id").having(ibis._.count() > 1).agg()
    twins = sound.semi_join(several, "order_id")
    day = local_day(twins.ordered_at, plan.zone)
    names = ("customer_id", "ordered_at", "amount", "discount", "refund", "status", "channel", "store", "properties")
    content = [twins[name] for name in names]
    text = ibis.literal(BETWEEN).join([value.cast("string").fill_null("") for value in content])
    return views.materialize(twins.select(
        INDEX, "order_id", "customer_id", "store", "updated_at", "amount", "status", content=text, day=day,
        instant=epoch_micros(twins.ordered_at),
    ))  # fmt: skip


def _shared(views: Views, twins: ir.Table) -> Shared | None:
    groups = twins.group_by("order_id").agg(
        rows=twins.content.nunique(),
        people=twins.customer_id.fill_null("").nunique(),
        nobody=twins.customer_id.isnull().any(),
        amounts=twins.amount.nunique(),
        statuses=twins.status.nunique(),
        instants=twins.instant.nunique(),
        days=twins.day.nunique(),
        stores=twins.store.nunique(),
        first=twins[INDEX].min(),
        written=twins.updated_at.nunique(),
    )
    # Updated orders have distinct `updated_at`; then the newest counts, unless the customers differ.
    open_ = groups.filter((groups.rows > 1) & ((groups.written + 1 < groups.rows) | (groups.people > 1)))
    # One amount under several statuses is one order in progress.
    parts = (open_.people == 1) & (open_.instants == 1) & ((open_.amounts > 1) | (open_.statuses == 1))
    summary = views.engine.arrow(open_.aggregate(
        numbers=open_.count(), rows=open_.rows.sum(), example=open_.order_id.argmin(open_["first"]),
        other_people=((open_.people > 1) | open_.nobody).sum(),
        one_order=parts.sum(),
        by_store=(open_.stores == open_.rows).sum(), by_day=(open_.days == open_.rows).sum(),
    )).to_pylist()[0]  # fmt: skip
    return Shared(**summary) if summary["numbers"] else None


def _in_use(views: Views, sound: ir.Table, plan: Plan, snapshot: LakeSnapshot) -> Shared | None:
    """Numbers that the workspace uses for another order, of a different day and customer."""
    if not snapshot.rows(ORDERS.name):
        return None
    lake = snapshot.read(ORDERS.name, views.engine).select(
        "order_id", of_lake="customer_id", at_lake="ordered_at", store_lake="store"
    )
    both = sound.select(INDEX, "order_id", "customer_id", "ordered_at", "store").join(lake, "order_id")
    days = local_day(both.ordered_at, plan.zone) - local_day(both.at_lake, plan.zone)
    same = (both.customer_id == both.of_lake).fill_null(False)
    other = both.filter((days.abs() >= MOST_DAYS_APART) & ~same)
    stores = (other.store != other.store_lake).fill_null(False)
    summary = views.engine.arrow(other.aggregate(
        numbers=other.order_id.nunique(), rows=other.count(), example=other.order_id.argmin(other[INDEX]),
        by_store=stores.sum().fill_null(0),
    )).to_pylist()[0]  # fmt: skip
    if not summary["numbers"]:
        return None
    number = summary["numbers"]
    return Shared(number, summary["rows"], summary["example"], number, 0, summary["by_store"], number)


def _disambiguated(views: Views, staged: Staged, plan: Plan, choice: str, twins: ir.Table | None) -> Staged:
    rows = staged.rows
    if choice == "sum":
        return replace(staged, together="parts")
    if choice == "last":
        return staged
    if choice == "apart" and twins is not None:
        several = twins.select(twin="order_id").distinct()
        marked = rows.left_join(several, rows.order_id == several.twin)
        mark = _content_id(marked.customer_id, epoch_micros(marked.ordered_at), marked.amount).substr(4, 8)
        number = marked.twin.notnull().ifelse(marked.order_id + "@" + mark, marked.order_id)
        return replace(staged, rows=views.materialize(marked.mutate(order_id=number).drop("twin")))
    if choice == "store":
        front = rows.store.fill_null("") + "/"
        names = [name for name in ("order_id", "returns_order_id") if staged.has(name)]
        changed = {name: front + rows[name] for name in names}
    else:
        day = as_date(local_day(rows.ordered_at, plan.zone)).cast("string")
        changed = {"order_id": rows.order_id + "@" + day}
    return replace(staged, rows=views.materialize(rows.mutate(**changed)))


def _lines_apart(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Split lines of several customers or distant days under one number into several orders."""
    if not (plan.has("customer_id") and plan.has("ordered_at")):
        return staged
    rows = staged.rows
    sound = rows.filter(rows[PROBLEMS] == 0)
    at = epoch_micros(sound.ordered_at)
    groups = sound.group_by("order_id").agg(
        rows=sound.count(), one=sound.customer_id.min(), other=sound.customer_id.max(),
        span=at.max() - at.min(), store=sound.store.min(), other_store=sound.store.max(), first=sound[INDEX].min(),
    )  # fmt: skip
    far, strangers = groups.span >= MOST_DAYS_APART * DAY, (groups.one != groups.other).fill_null(False)
    open_ = groups.filter((far | strangers) & (strangers | groups.one.isnull()))
    summary = views.engine.arrow(open_.aggregate(
        numbers=open_.count(), rows=open_.rows.sum(), example=open_.order_id.argmin(open_["first"]),
        far=(open_.span >= MOST_DAYS_APART * DAY).sum().fill_null(0),
        stores=(open_.store != open_.other_store).fill_null(False).sum().fill_null(0),
    )).to_pylist()[0]  # fmt: skip
    numbers = summary["numbers"]
    if not numbers or not (summary["far"] or summary["stores"]):
        return staged  # a line of another customer is rejected by itself
    choices = ("day", *(("store",) if plan.has("store") else ()), "first")
    default = "store" if "store" in choices and summary["stores"] * 2 >= numbers else "day"
    facts = {"numbers": numbers, "rows": summary["rows"], "example": summary["example"]}
    choice = dialog.ask(Question("same_number_lines", choices, default, facts), evident=False)
    dialog.tell(f"same_number_{choice}", numbers, summary["example"], rows=summary["rows"])
    return staged if choice == "first" else _disambiguated(views, staged, plan, choice, None)
