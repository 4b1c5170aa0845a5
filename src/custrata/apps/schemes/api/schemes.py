"""Schemes: definitions, versions and members; simulation, publication and rollback."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router

from custrata.apps.customers.rights import READ_CUSTOMERS
from custrata.apps.schemes.actions import apply_schemes, roll_back
from custrata.apps.schemes.api.shapes import (
    GradedOut,
    MembersOut,
    NoteOut,
    Number,
    PublishIn,
    RollbackIn,
    SchemeOut,
    SchemesOut,
    SimulateIn,
    SimulationOut,
    TierOut,
    VersionOut,
    VersionsOut,
)
from custrata.apps.schemes.queries.versions import published_number, published_versions, version_of, versions_of
from custrata.apps.schemes.rights import READ_SCHEMES, WRITE_SCHEMES
from custrata.apps.tiers.actions import NoSuchTier
from custrata.apps.tiers.queries.runs import newest
from custrata.engine import DuckEngine
from custrata.pipeline.drafts import NotGradedYet
from custrata.pipeline.reading import GradedRun, Tiered, reading
from custrata.pipeline.simulation import SimulatedMover, simulate
from custrata.tiering import Version, define
from custrata.tiering.names import notes_of, scheme_name, tier_name
from custrata.web.bearers import BearerToken, bearer
from custrata.web.computing import computing
from custrata.web.listing import Paged, cut, place_in
from custrata.web.problems import answers, exact
from custrata.web.versions import ensure_match, with_tag
from custrata.web.workspace import workspace
from custrata.wording import LANGUAGES
from custrata.wording.writer import Writer

router = Router(tags=["schemes"])
READ = BearerToken(READ_SCHEMES)
WRITE = BearerToken(WRITE_SCHEMES)


@router.get("/schemes", auth=READ, response=answers(SchemesOut), url_name="schemes")
def list_schemes(request: HttpRequest) -> dict[str, Any]:
    """Every scheme in force, with its definition, version, and the tiers of the published run."""
    run = newest()
    return {"schemes": [_scheme(version, run, published=True) for version in published_versions().values()]}


@router.post(
    "/schemes/simulate",
    auth=BearerToken(READ_SCHEMES, READ_CUSTOMERS),
    response=answers(SimulationOut, 409),
    url_name="simulate",
)  # before the routes with `{key}`, which would match it
def simulate_scheme(request: HttpRequest, payload: SimulateIn) -> dict[str, Any]:
    """What publishing a definition would do: sizes, moves, cost, and who would move. Writes nothing."""
    settings = workspace().settings
    writer = Writer(payload.language, settings.currency, settings.timezone, "tiers")
    with computing(), DuckEngine(threads=2, memory_limit="1GB") as engine:
        simulation = simulate(workspace(), define(payload.scheme), engine, movers=payload.movers, writer=writer)
    fields = {name: getattr(simulation, name) for name in SimulationOut.model_fields if hasattr(simulation, name)}
    people = {
        "movers": [_mover(mover) for mover in simulation.movers],
        "losers": [_mover(mover) for mover in simulation.losers],
    }
    return fields | people | {"scheme": simulation.key}


def _mover(mover: SimulatedMover) -> dict[str, Any]:
    return {**vars(mover), "value": exact(mover.value)}


@router.get("/schemes/{key}", auth=READ, response=answers(SchemeOut, 404), url_name="scheme")
def one_scheme(request: HttpRequest, response: HttpResponse, key: str) -> SchemeOut:
    """One scheme; for a retired scheme, its newest version."""
    version = published_versions().get(key)
    with_tag(response, _in_force(key))
    return _scheme(version or versions_of(key)[0], newest(), published=version is not None)


def _in_force(key: str) -> dict[str, Any]:
    """The data that the ETag of a scheme is computed from."""
    version = published_versions().get(key)
    return {"scheme": key, "version": version.number if version else None}


def _scheme(version: Version, run: GradedRun | None, *, published: bool) -> SchemeOut:
    key, definition = version.key, version.definition.data()
    record = {"definition": definition}
    return SchemeOut(
        key=key,
        kind=version.definition.kind,
        names={language: scheme_name(key, language, record) for language in LANGUAGES},
        version=version.number,
        published=published,
        by=version.by,
        at=version.at,
        note=version.note,
        definition=definition,
        graded=_graded(key, run) if run is not None and key in run.schemes else None,
    )


def _graded(key: str, run: GradedRun) -> GradedOut:
    graded = run.schemes[key]
    notes = zip(graded.notes, notes_of(graded.record, "en"), strict=True)
    tiers = [
        TierOut(
            key=tier.key,
            names={language: tier_name(key, tier.key, language, graded.record) for language in LANGUAGES},
            customers=tier.customers,
            revenue=tier.revenue,
        )
        for tier in (() if graded.waiting else graded.tiers)
    ]
    return GradedOut(
        run=run.id,
        as_of=run.as_of,
        version=graded.version,
        waiting=graded.waiting,
        tiers=tiers,
        notes=[NoteOut(key=note, text=text) for note, text in notes],
    )


@router.get("/schemes/{key}/versions", auth=READ, response=answers(VersionsOut, 404), url_name="versions")
def list_versions(request: HttpRequest, key: str) -> dict[str, Any]:
    """Every version of a scheme, the newest first."""
    number = published_number(key)
    return {"versions": [_version(version, number) for version in versions_of(key)]}


@router.get("/schemes/{key}/versions/{number}", auth=READ, response=answers(VersionOut, 404), url_name="version")
def one_version(request: HttpRequest, key: str, number: Path[Number]) -> VersionOut:
    """One version of a scheme. Published versions never change."""
    return _version(version_of(key, number), published_number(key))


def _version(version: Version, published: int | None) -> VersionOut:
    return VersionOut(
        scheme=version.key,
        number=version.number,
        published=version.number == published,
        by=version.by,
        at=version.at,
        note=version.note,
        definition=version.definition.data(),
    )


class Members(Paged):
    """The page of a tier's customers, and the columns to return."""

    fields: str = Field("", max_length=2000, description="Columns of the profile, separated by commas.")


@router.get(
    "/schemes/{key}/tiers/{tier}/customers",
    auth=BearerToken(READ_SCHEMES, READ_CUSTOMERS),
    response=answers(MembersOut, 404, 409),
    url_name="members",
)
def tier_members(request: HttpRequest, key: str, tier: str, params: Query[Members]) -> dict[str, Any]:
    """The customers of a tier in the published run, by `customer_id`."""
    run_reading = reading(workspace())
    if run_reading is None:
        raise NotGradedYet
    graded = run_reading.run.schemes.get(key)
    if graded is None or tier not in graded.tier_keys:
        raise NoSuchTier(scheme=key, tier=tier)
    of = f"members:{key}:{tier}"
    place = place_in(params, of)
    after = (place[-1], str(place[-1])) if place else None
    columns = ["customer_id", *(name.strip() for name in params.fields.split(",") if name.strip())]
    rows = run_reading.customers([Tiered(key, (tier,))], columns, after=after, limit=params.limit + 1)
    page, following = cut(rows, params, of, lambda row: (row["customer_id"],))
    return {"run": run_reading.run.id, "customers": page, "next": following}


@router.post("/schemes", auth=WRITE, response=answers(VersionsOut, 409, 412))
def publish_schemes(request: HttpRequest, payload: PublishIn) -> dict[str, Any]:
    """Publish schemes, all or none, and start a refresh; returns the versions in force. Idempotent."""
    definitions = [define(data) for data in payload.schemes]
    if len(definitions) == 1:
        ensure_match(request, _in_force(definitions[0].key))
    who = {"actor": bearer(request).person, "at": timezone.now()}
    versions = apply_schemes(definitions=definitions, note=payload.note, **who)
    return {"versions": [_version(version, version.number) for version in versions]}


@router.post("/schemes/{key}/rollback", auth=WRITE, response=answers(VersionOut, 404, 409, 412), url_name="rollback")
def roll_back_scheme(request: HttpRequest, key: str, payload: RollbackIn) -> VersionOut:
    """Publish an earlier version again, under a new number, and start a refresh."""
    who = {"actor": bearer(request).person, "at": timezone.now()}
    version_of(key, payload.version)
    ensure_match(request, _in_force(key))
    version = roll_back(key=key, number=payload.version, note=payload.note, **who)
    return _version(version, version.number)
