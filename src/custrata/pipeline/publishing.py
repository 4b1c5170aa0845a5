"""Publishing of schemes: the one service below the command line, the pages and the REST API."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from custrata.lake import Workspace
from custrata.pipeline.drafts import check_definitions
from custrata.tiering.definitions import Definition
from custrata.tiering.library import NothingToPublish, Publication, SchemeLibrary, Version

Verb = Literal["publish", "apply", "roll_back", "retire", "restore"]


class PublicationLog(Protocol):
    """Records publications, such as the audit of a server. A failed record leaves the schemes unchanged."""

    def transaction(self) -> AbstractContextManager[object]:
        """The transaction of the records: rolled back where publishing fails."""

    def record(self, verb: Verb, publications: Sequence[Publication]) -> None:
        """Record the publications of one change, before they are written."""

    def record_missing(self, versions: Sequence[Version]) -> None:
        """Record published versions that are not in the log: a publisher was killed after it had written them."""


class NoLog:
    """The log of a workspace without a server: the version files alone say who published."""

    def transaction(self) -> AbstractContextManager[object]:
        """A block without a transaction."""
        return nullcontext()

    def record(self, verb: Verb, publications: Sequence[Publication]) -> None:
        """Record nothing."""

    def record_missing(self, versions: Sequence[Version]) -> None:
        """Record nothing."""


@dataclass(frozen=True)
class Publisher:
    """Publishes schemes of a workspace and records each change in a log. All take effect with the next refresh.

    `by` is the name in the version files; `log` knows the actor.
    """

    workspace: Workspace
    log: PublicationLog
    by: str
    at: datetime

    def publish(
        self, definitions: Sequence[Definition], *, note: str = "", replace: bool = False, verb: Verb = "publish"
    ) -> list[Version]:
        """Publish these schemes, all or none; unchanged ones are skipped. `replace` retires all other schemes.

        Returns the published version of each scheme. Raises what `check_definitions` and `SchemeLibrary.publish` do.
        """
        library = SchemeLibrary(self.workspace)
        with self.workspace.engine() as engine:
            check_definitions(self.workspace, definitions, engine, replace=replace)
        with self.log.transaction():
            record = partial(self._record, verb)
            library.publish(definitions, by=self.by, at=self.at, note=note.strip(), replace=replace, record=record)
        return self.record_missing(definitions)

    def record_missing(self, definitions: Sequence[Definition]) -> list[Version]:
        """Record the published versions of schemes that a killed publisher wrote and did not record; all of them."""
        published = SchemeLibrary(self.workspace).published()
        versions = [published[definition.key] for definition in definitions]
        with self.log.transaction():
            self.log.record_missing([version for version in versions if version.at])
        return versions

    def publish_changed(self, definition: Definition, *, note: str = "", verb: Verb = "publish") -> Version:
        """Publish one scheme. Raises `NothingToPublish` where it is published as it is, and what `publish` raises."""
        published = SchemeLibrary(self.workspace).published().get(definition.key)
        if published is not None and published.definition == definition:
            raise NothingToPublish(scheme=definition.key, version=published.number)
        return self.publish([definition], note=note, verb=verb)[0]

    def roll_back(self, key: str, number: int, *, note: str = "") -> Version:
        """Publish an old version again under a new number.

        Raises `NoSuchVersion`, and what `publish_changed` raises.
        """
        old = SchemeLibrary(self.workspace).version(key, number)
        return self.publish_changed(old.definition, note=note, verb="roll_back")

    def retire(self, key: str) -> None:
        """Retire a scheme; its versions and history are kept. Raises `NoSuchVersion`, `StillRead`, `Busy`."""
        with self.log.transaction():
            SchemeLibrary(self.workspace).retire(key, record=partial(self._record, "retire"))

    def restore(self, key: str) -> Version:
        """Publish the newest version of a retired scheme again.

        Raises `NothingToPublish` where the scheme is published, and what `SchemeLibrary.restore` raises.
        """
        library = SchemeLibrary(self.workspace)
        if (published := library.published().get(key)) is not None:
            raise NothingToPublish(scheme=key, version=published.number)
        with self.log.transaction():
            return library.restore(key, record=partial(self._record, "restore"))

    def _record(self, verb: Verb, publications: Sequence[Publication]) -> None:
        """Record the publications by verb: schemes left out of a replacement are retired."""
        retired = [publication for publication in publications if publication.after is None]
        published = [publication for publication in publications if publication.after is not None]
        if published:
            self.log.record(verb, published)
        if retired:
            self.log.record("retire", retired)
