"""Schemes as code: list, export, plan, simulate, publish, and roll back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from custrata.cli.grades import UnknownScheme, published
from custrata.cli.help import LocalizedGroup
from custrata.cli.session import Session, say, workspace_option
from custrata.cli.simulations import show_difference, show_simulation
from custrata.cli.tables import CannotWrite, draw
from custrata.engine.storage import reason_of
from custrata.pipeline.drafts import check_definitions
from custrata.pipeline.simulation import simulate
from custrata.tiering import SchemeLibrary
from custrata.tiering.comparing import Planned, differences, planned
from custrata.tiering.definitions import Definition
from custrata.tiering.files import LONGEST, read_schemes, write_schemes
from custrata.tiering.names import notes_of, scheme_name, tier_name

SIGNS = {"new": "+", "changed": "~", "unchanged": "=", "restored": "+", "retired": "-"}

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
key_argument = click.argument("key")


def by_options(command: Callable[..., None]) -> Callable[..., None]:
    """Who publishes, and why."""
    command = click.option("--note", default="", metavar="TEXT", help="A note stored with the version.")(command)
    return click.option("--by", default=None, metavar="NAME", help="Who publishes (default: the system user).")(command)


@click.group("schemes", cls=LocalizedGroup, invoke_without_command=True)
@workspace_option
def schemes_group(session: Session) -> None:
    """List the schemes with their tiers and sizes; or write, compare, simulate and publish them."""
    if click.get_current_context().invoked_subcommand is None:
        _list(session)


def _list(session: Session) -> None:
    run, write = published(session), session.writer("cli")
    rows: list[list[Any]] = []
    for key, scheme in run.schemes.items():
        record = scheme.record
        if scheme.waiting:
            note = " ".join(notes_of(record, session.language))
            rows.append([key, scheme_name(key, session.language, record), note, None, None, None])
            continue
        for tier in scheme.tiers:
            share = write.share(tier.customers / scheme.customers if scheme.customers else None)
            names = [
                scheme_name(key, session.language, record),
                tier_name(key, tier.key, session.language, record),
            ]
            rows.append([f"{key}.{tier.key}", *names, tier.customers, share, write.money(tier.revenue, 2)])
    heads = [write(f"heads.{name}") for name in ("key", "scheme", "tier", "customers", "share", "revenue")]
    say(draw(heads, rows, [False, False, False, True, True, True]).rstrip("\n"))


@schemes_group.command("export")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    metavar="FILE",
    help="Write to FILE (default: the terminal).",
)
@workspace_option
def export_command(session: Session, keys: tuple[str, ...], output: Path | None) -> None:
    """Write the published schemes (or those of the KEYs) as YAML that `apply` reads."""
    published_versions = SchemeLibrary(session.workspace).published()
    for key in keys:
        if key not in published_versions:
            raise UnknownScheme(scheme=key, known=", ".join(published_versions))
    text = write_schemes([published_versions[key].definition for key in keys or published_versions])
    if output is None:
        say(text.rstrip("\n"))
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise CannotWrite(path=output, reason=reason_of(error)) from error
    say(session.writer("cli")("written", path=output))


@schemes_group.command("plan")
@file_argument
@click.option("--only", is_flag=True, help="Show also the retirement of every scheme that is not in the file.")
@workspace_option
def plan_command(session: Session, file: Path, only: bool) -> None:
    """Show what publishing FILE would change, field by field and customer by customer. Writes nothing."""
    library, write = SchemeLibrary(session.workspace), session.writer("cli")
    definitions = _read(file)
    plans = planned(library, definitions, replace=only)
    with session.workspace.engine() as engine:
        check_definitions(session.workspace, definitions, engine, replace=only)
        graded = session.workspace.runs.published() is not None
        for plan in plans:
            say(click.style(_headline(session, plan), bold=True))
            for difference in plan.differences:
                show_difference(difference)
            if graded and plan.action not in ("unchanged", "retired"):
                other_definitions = [other for other in definitions if other.key != plan.key]
                done = simulate(
                    session.workspace,
                    plan.definition,
                    engine,
                    other_definitions=other_definitions,
                    writer=session.writer("tiers"),
                )
                show_simulation(session, done, people=0)
    counts = {action: sum(plan.action == action for plan in plans) for action in SIGNS}
    say(write("schemes.summary", **counts))


@schemes_group.command("simulate")
@file_argument
@click.argument("key", required=False, default=None)
@click.option(
    "--people", type=click.IntRange(0, 50), default=10, show_default=True, help="Number of moving customers to list."
)
@workspace_option
def simulate_command(session: Session, file: Path, key: str | None, people: int) -> None:
    """Show how the schemes in FILE (or the scheme KEY) would move customers. Writes nothing."""
    definitions = {definition.key: definition for definition in _read(file)}
    if key is not None and key not in definitions:
        raise UnknownScheme(scheme=key, known=", ".join(definitions))
    with session.workspace.engine() as engine:
        for definition in definitions.values() if key is None else [definitions[key]]:
            other_definitions = [other for other in definitions.values() if other.key != definition.key]
            done = simulate(
                session.workspace,
                definition,
                engine,
                other_definitions=other_definitions,
                writer=session.writer("tiers"),
            )
            say(
                click.style(
                    f"{definition.key}: {scheme_name(definition.key, session.language, done.record)}", bold=True
                )
            )
            show_simulation(session, done, people=people)


@schemes_group.command("apply")
@file_argument
@click.option("--only", is_flag=True, help="Retire every scheme that is not in the file.")
@by_options
@workspace_option
def apply_command(session: Session, file: Path, only: bool, by: str | None, note: str) -> None:
    """Publish the schemes in FILE, all or none; the next refresh grades by them."""
    library, definitions = SchemeLibrary(session.workspace), _read(file)
    plans = [plan for plan in planned(library, definitions, replace=only) if plan.action != "unchanged"]
    write = session.writer("cli")
    if not plans:
        session.publisher(by).record_missing(definitions)
        say(write("schemes.nothing"))
        return
    session.publisher(by).publish(definitions, note=note, replace=only)
    for plan in plans:
        say(_headline(session, plan))
    say(write("schemes.next_refresh"))


@schemes_group.command("versions")
@key_argument
@workspace_option
def versions_command(session: Session, key: str) -> None:
    """List every version of KEY, newest first."""
    library, write = SchemeLibrary(session.workspace), session.writer("cli")
    _ensure_scheme(library, key)
    current = library.published().get(key)
    rows = [
        [
            version.number,
            write("schemes.published") if current is not None and version.number == current.number else "",
            version.by or write("schemes.shipped"),
            write.instant(version.at) if version.at else "",
            version.note,
        ]
        for version in library.versions(key)
    ]
    heads = [write(f"schemes.heads.{name}") for name in ("version", "state", "by", "at", "note")]
    say(draw(heads, rows, [True, False, False, False, False]).rstrip("\n"))


@schemes_group.command("diff")
@key_argument
@click.argument("first", type=click.IntRange(1, 1_000_000), metavar="A")
@click.argument("second", type=click.IntRange(1, 1_000_000), metavar="B")
@workspace_option
def diff_command(session: Session, key: str, first: int, second: int) -> None:
    """Show the differences between the versions A and B of KEY."""
    library = SchemeLibrary(session.workspace)
    _ensure_scheme(library, key)
    changes = differences(library.version(key, first).definition, library.version(key, second).definition)
    for difference in changes:
        show_difference(difference)
    if not changes:
        say(session.writer("cli")("schemes.same"))


@schemes_group.command("rollback")
@key_argument
@click.argument("version", type=click.IntRange(1, 1_000_000))
@by_options
@workspace_option
def rollback_command(session: Session, key: str, version: int, by: str | None, note: str) -> None:
    """Publish VERSION of KEY again, as a new version."""
    library, write = SchemeLibrary(session.workspace), session.writer("cli")
    _ensure_scheme(library, key)
    old = library.version(key, version).definition
    (plan,) = planned(library, [old])
    session.publisher(by).roll_back(key, version, note=note or write("schemes.rolled_back", version=version))
    say(_headline(session, plan))
    say(write("schemes.next_refresh"))


@schemes_group.command("retire")
@key_argument
@workspace_option
def retire_command(session: Session, key: str) -> None:
    """Retire scheme KEY at the next refresh; its versions and history are retained."""
    library, write = SchemeLibrary(session.workspace), session.writer("cli")
    published_versions = library.published()
    if key not in published_versions:
        raise UnknownScheme(scheme=key, known=", ".join(published_versions))
    session.publisher().retire(key)
    say(_headline(session, Planned(key, "retired", published_versions[key].definition, published_versions[key].number)))
    say(write("schemes.next_refresh"))


@schemes_group.command("restore")
@key_argument
@workspace_option
def restore_command(session: Session, key: str) -> None:
    """Publish the newest version of a retired KEY again."""
    library, write = SchemeLibrary(session.workspace), session.writer("cli")
    retired = library.retired()
    if key not in retired:
        raise UnknownScheme(scheme=key, known=", ".join(retired) or "–")
    version = session.publisher().restore(key)
    say(_headline(session, Planned(key, "restored", version.definition, version.number)))
    say(write("schemes.next_refresh"))


def _read(file: Path) -> list[Definition]:
    with file.open("rb") as content:
        return read_schemes(content.read(LONGEST + 1), file.name)


def _ensure_scheme(library: SchemeLibrary, key: str) -> None:
    """Raises `UnknownScheme` where the scheme has no version, published or retired."""
    keys: Sequence[str] = [*library.published(), *library.retired()]
    if key not in keys:
        raise UnknownScheme(scheme=key, known=", ".join(keys))


def _headline(session: Session, plan: Planned) -> str:
    """The planned action on a scheme, as one line."""
    name = scheme_name(plan.key, session.language, {"definition": plan.definition.data()})
    what = session.writer("cli")(f"schemes.actions.{plan.action}", version=plan.number)
    return f"{SIGNS[plan.action]} {plan.key} ({name}): {what}"
