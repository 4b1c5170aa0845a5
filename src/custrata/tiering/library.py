"""The schemes of a workspace: versions that never change, and which of them are published.

They lie in `schemes/` of the workspace's folder: `<key>/<number>.yaml` for each version, `published.json` for the
list. A workspace without the folder grades by the built-in schemes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import yaml

from custrata.errors import BadInput, Refused
from custrata.lake import Workspace
from custrata.lake.durable import UNREADABLE, Damaged
from custrata.lake.locks import locked
from custrata.lake.single_reads import forget, read_once
from custrata.lake.sums import is_listed, read_checked, write_checked
from custrata.private import FOLDER
from custrata.tiering.definitions import Definition, define
from custrata.tiering.fields import KEY
from custrata.tiering.kinds import scheme_of
from custrata.tiering.loading import Dumper, load_plain
from custrata.tiering.schemes import ReadsUnknownScheme, Scheme, built_in, columns_of, dependency_order

LIST, LOCK = "published.json", ".lock"
PATIENCE = 10.0


class NoSuchVersion(BadInput):
    status = 404
    template = "The scheme {scheme} has no version {version}."


class NothingToPublish(Refused):
    template = "The scheme {scheme} is identical to its published version {version}. Nothing was changed."


class KindIsTaken(Refused):
    template = (
        "The scheme {scheme} is of the kind {kind}, which cannot change: a version of another kind would break its "
        "history. Create a new scheme instead."
    )


class StillRead(Refused):
    template = "The scheme {scheme} is read by {readers}. Change or retire those first."


@dataclass(frozen=True)
class Version:
    """One published version of a scheme: who published it, when and with which remark. The built-in one has nobody."""

    definition: Definition
    number: int
    by: str = ""
    at: datetime | None = None
    note: str = ""

    @property
    def key(self) -> str:
        """The scheme's key."""
        return self.definition.key

    def text(self) -> str:
        """The version as its file holds it."""
        head = {
            "version": self.number,
            "by": self.by,
            "at": self.at.isoformat() if self.at else None,
            "note": self.note,
        }
        return dump_yaml({**head, "scheme": self.definition.data()})


@dataclass(frozen=True)
class Publication:
    """A change of the published version of a scheme; `before` and `after` are None where none is published."""

    key: str
    before: Version | None
    after: Version | None


Recorder = Callable[[Sequence[Publication]], None]


def record_nothing(publications: Sequence[Publication]) -> None:
    """The recorder of a workspace without a log."""


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Plain values as readable YAML."""
    return str(yaml.dump(dict(data), Dumper=Dumper, allow_unicode=True, sort_keys=False, width=110))


class SchemeLibrary:
    """The schemes of a workspace. Any process may read; publishing is one at a time.

    >>> import tempfile
    >>> shop = SchemeLibrary(Workspace.create(tempfile.mkdtemp()))
    >>> list(shop.published())[:3], shop.published()["value"].number
    (['frequency', 'value', 'loyalty'], 1)
    """

    def __init__(self, workspace: Workspace) -> None:
        self.folder = workspace.schemes

    @property
    def fingerprint(self) -> str:
        """A short text that changes with what is published. Raises `Damaged`."""
        content = json.dumps([version.definition.data() for version in self.published().values()], sort_keys=True)
        return sha256(content.encode()).hexdigest()[:16]

    def published(self) -> dict[str, Version]:
        """The published version of every scheme in force, in the order in which they are shown. Raises `Damaged`."""
        return {key: self.version(key, number) for key, number in self._list().items()}

    def retired(self) -> list[str]:
        """The keys of schemes that have versions and are not published."""
        listed = self._list()
        return [key for key in dict.fromkeys((*built_in(), *self._saved_keys())) if key not in listed]

    def schemes(self) -> list[Scheme]:
        """The published schemes, ready to grade, each after those it reads."""
        return dependency_order(
            [scheme_of(version.definition, version.number) for version in self.published().values()]
        )

    def version(self, key: str, number: int) -> Version:
        """One version of a scheme. Raises `NoSuchVersion`, `Damaged`."""
        return read_once(self.folder / key / f"{number}.yaml", lambda: self._read_version(key, number))

    def _read_version(self, key: str, number: int) -> Version:
        path = self.folder / key / f"{number}.yaml"
        if not KEY.fullmatch(key) or not (path.exists() or is_listed(path)):
            if number == 1 and key in built_in():
                return Version(built_in()[key], 1)
            raise NoSuchVersion(scheme=key, version=number)
        try:
            data = load_plain(read_checked(path))
            at = datetime.fromisoformat(data["at"]) if data["at"] else None
            return Version(define(data["scheme"]), data["version"], data["by"], at, data["note"])
        except (*UNREADABLE, BadInput, yaml.YAMLError) as error:
            raise Damaged(file=path, reason=error) from error

    def versions(self, key: str) -> list[Version]:
        """Every version of a scheme, the newest first. Raises `Damaged`."""
        return [self.version(key, number) for number in sorted(self._numbers(key), reverse=True)]

    def next_number(self, definition: Definition) -> int:
        """The number a definition would be published under: that of the published or else the newest version where
        it is identical, otherwise a new one."""
        newest = max(self._numbers(definition.key), default=0)
        for number in (self._list().get(definition.key), newest):
            if number and self.version(definition.key, number).definition == definition:
                return number
        return newest + 1

    def check(self, definitions: Sequence[Definition], *, replace: bool = False) -> None:
        """Whether these can be published together with what is, or with `replace` in its place.

        Raises `SchemesInCircle`, `ReadsUnknownScheme`, `KindIsTaken`.
        """
        in_force = {} if replace else self.published()
        for definition in definitions:
            self.check_kind(definition.key, definition.kind)
        together = {key: version.definition for key, version in in_force.items()} | {
            definition.key: definition for definition in definitions
        }
        dependency_order(map(scheme_of, together.values()))
        everywhere = {*self._saved_keys(), *built_in()}
        for definition in definitions:
            for needed in scheme_of(definition).needs(sorted(everywhere - {definition.key}), optional=False):
                if needed not in together:
                    raise ReadsUnknownScheme(scheme=definition.key, needed=needed)

    def check_kind(self, key: str, kind: object, *, name: str = "") -> None:
        """Whether a version of this kind can follow those of the scheme, which the refusal calls by `name` or key.

        Raises `KindIsTaken`.
        """
        numbers = self._numbers(key)
        if numbers and (published := self.version(key, max(numbers)).definition.kind) != kind:
            raise KindIsTaken(scheme=name or key, kind=published)

    def publish(
        self,
        definitions: Sequence[Definition],
        *,
        by: str,
        at: datetime,
        note: str = "",
        replace: bool = False,
        record: Recorder = record_nothing,
    ) -> list[Version]:
        """Publish new versions, all or none, from the next refresh on; what is published already is left alone.

        `replace` retires every other scheme. Returns the versions that are new.

        Raises what `check` raises, and `Busy`.
        """
        with self._locked():
            self.check(definitions, replace=replace)
            versions = [Version(definition, self.next_number(definition), by, at, note) for definition in definitions]
            new_versions = [version for version in versions if version.number not in self._numbers(version.key)]
            listed = {} if replace else self._list()
            listed |= {version.key: version.number for version in versions}
            self._record(listed, record, new_versions)
            for version in new_versions:
                home = self.folder / version.key
                home.mkdir(exist_ok=True)
                write_checked(home / f"{version.number}.yaml", version.text())
            self._write(listed)
        return new_versions

    def retire(self, key: str, *, record: Recorder = record_nothing) -> None:
        """Retire a scheme from the next refresh on; its versions stay.

        Raises `NoSuchVersion` where it is not published, `StillRead`, `Busy`.
        """
        with self._locked():
            listed = self._list()
            if key not in listed:
                raise NoSuchVersion(scheme=key, version="?")
            readers = [scheme.key for scheme in self.schemes() if set(columns_of(key)) & set(scheme.reads)]
            if readers:
                raise StillRead(scheme=key, readers=", ".join(readers))
            del listed[key]
            self._record(listed, record)
            self._write(listed)

    def restore(self, key: str, *, record: Recorder = record_nothing) -> Version:
        """Publish the newest version of a retired scheme again.

        Raises `NoSuchVersion`, and what `check` raises, where a scheme it reads is retired too.
        """
        numbers = self._numbers(key)
        if not numbers:
            raise NoSuchVersion(scheme=key, version="?")
        version = self.version(key, max(numbers))
        with self._locked():
            self.check([version.definition])
            listed = self._list() | {key: version.number}
            self._record(listed, record)
            self._write(listed)
        return version

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(FOLDER, exist_ok=True)
        with locked(self.folder / LOCK, wait=PATIENCE):
            forget(self.folder / LIST)
            yield

    def _record(self, listed: Mapping[str, int], record: Recorder, new_versions: Sequence[Version] = ()) -> None:
        """Pass the difference between the published list and `listed` to `record`, before any file is written."""
        unsaved = {version.key: version for version in new_versions}
        before = self.published()
        after = {key: unsaved.get(key) or self.version(key, number) for key, number in listed.items()}
        changes = [Publication(key, before.get(key), after.get(key)) for key in dict.fromkeys((*after, *before))]
        record([change for change in changes if change.before != change.after])

    def _numbers(self, key: str) -> set[int]:
        if not KEY.fullmatch(key):  # no name of a folder of ours, whatever else it may be the name of
            return set()
        shipped = {1} if key in built_in() else set()
        return shipped | {int(path.stem) for path in (self.folder / key).glob("*.yaml") if path.stem.isdecimal()}

    def _saved_keys(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*") if path.is_dir())

    def _list(self) -> dict[str, int]:
        """The numbers of the published versions; whoever changes them reads them anew first (`_locked`)."""
        return dict(read_once(self.folder / LIST, self._read_list))

    def _read_list(self) -> dict[str, int]:
        path = self.folder / LIST
        try:
            return {str(key): int(number) for key, number in json.loads(read_checked(path)).items()}
        except FileNotFoundError:
            return dict.fromkeys(built_in(), 1)
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def _write(self, listed: Mapping[str, int]) -> None:
        write_checked(self.folder / LIST, json.dumps(listed, indent=1))
