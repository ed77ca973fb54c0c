"""The examination: everything that is wrong with a database, in one answer.

Between the live schema and the models lie two steps, and each difference belongs to one of them:
what somebody changed by hand (mended by SQL), what a migration is still to bring
(`flask db upgrade`), and what no migration builds yet (`flask db migrate`, for developers).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from wifiapp.doctor import server
from wifiapp.doctor.catalogue import Catalogue, read_catalogue
from wifiapp.doctor.comparison import IGNORED, Difference, compare
from wifiapp.doctor.expectation import (
    driver,
    from_migrations,
    from_models,
    from_models_reloaded,
    scripts,
)

UPGRADE: Final = "flask db upgrade"
MIGRATE: Final = "flask db migrate"

_NEWER = "This database was made by a newer wifiapp. Install that one; your data was not changed."
_UNMIGRATED = "No migration of this wifiapp builds it: a gap for its developers to close."


@dataclass(frozen=True)
class Migration:
    """A migration by its revision id and its first line."""

    revision: str
    title: str


@dataclass(frozen=True)
class Report:
    """What the doctor found.

    `revision` is the one the database says it is at (several joined by a comma), `heads` those
    of this wifiapp, `pending` what lies between. `notes` are worth knowing and no differences.
    """

    revision: str | None
    heads: tuple[str, ...]
    pending: tuple[Migration, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    server_version: str

    @property
    def is_clean(self) -> bool:
        return not self.differences

    @property
    def is_sick(self) -> bool:
        """Tell whether the app may fail or data be lost: then no archive is made."""
        return any(difference.blocks for difference in self.differences)

    @property
    def mends(self) -> tuple[str, ...]:
        """The statements and commands in the order in which to run them, each once."""
        return tuple(dict.fromkeys(difference.mend for difference in self.differences))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it; `flask doctor --help` describes it."""
        return {
            "status": "sick" if self.is_sick else "clean" if self.is_clean else "extras",
            "revision": self.revision,
            "heads": list(self.heads),
            "pending": [asdict(migration) for migration in self.pending],
            "differences": [
                asdict(difference) | {"problem": difference.problem}
                for difference in self.differences
            ],
            "notes": list(self.notes),
            "postgresql": self.server_version,
        }


def examine(connection: Connection) -> Report:
    """Compare the models, the migrations and the schema that the connection works in.

    Builds scratch schemas inside savepoints, so the transaction must not be read-only; it is
    left as it was. Takes about 20 ms, the first time in a process 0.2 s. Needs the app's context.
    """
    facts = server.ask(connection)
    script = scripts()
    heads = tuple(script.get_heads())
    if unfit := list(server.unfit(facts)):
        return Report(None, heads, (), tuple(unfit), (), facts["version"])
    live = read_catalogue(driver(connection), facts["schema"])
    revisions = _revisions(connection, live)
    pending = _pending(script, revisions)
    differences = list(_heads_apart(heads))
    differences += _differences(connection, live, revisions, pending, heads)
    return Report(
        revision=", ".join(sorted(revisions)) or None,
        heads=heads,
        pending=pending or (),
        differences=(*server.settings(facts), *differences),
        notes=tuple(server.notes(facts)),
        server_version=facts["version"],
    )


# -- the three steps from the live schema to the models --------------------------------------


def _differences(
    connection: Connection,
    live: Catalogue,
    revisions: frozenset[str],
    pending: tuple[Migration, ...] | None,
    heads: tuple[str, ...],
) -> Iterable[Difference]:
    """Return the differences in the order in which they are to be mended."""
    if pending == () and not compare(from_models(connection), live):
        return []  # the usual case, and the quick one
    models = from_models_reloaded(connection)
    if pending is None:
        newer = _of_revision(revisions, heads, "Install the newer wifiapp", _NEWER)
        found = compare(models, live)
        return [newer, *(replace(each, mend=newer.mend, note=_NEWER) for each in found)]
    built = from_migrations(connection)
    head = built[frozenset(heads)]
    twin = _looks_like(live, built, revisions, heads) if pending else revisions
    base = built.get(twin, head)
    by_hand = compare(base, live)
    known = {each.key for each in by_hand}
    missed = [replace(each, mend=UPGRADE) for each in compare(head, base) if each.key not in known]
    known |= {each.key for each in missed}
    gaps = [
        replace(each, mend=MIGRATE, note=_UNMIGRATED)
        for each in compare(models, head)
        if each.key not in known
    ]
    stamp = [] if twin == revisions else [_stamp(revisions, twin)]
    late = [_of_revision(revisions, heads, UPGRADE)] if twin != frozenset(heads) else []
    return [*by_hand, *stamp, *late, *missed, *gaps]


def _looks_like(
    live: Catalogue,
    built: Mapping[frozenset[str], Catalogue],
    revisions: frozenset[str],
    heads: tuple[str, ...],
) -> frozenset[str]:
    """Return the revision that the schema is really at.

    Tables made past the migrations (`create_all`, a dump without its version) bear a later
    revision's form than they say, and the pending migrations would stop on them.
    """
    stated = built.get(revisions)
    if stated is None or not live.tables.keys() - IGNORED or not _blocking(compare(stated, live)):
        return revisions
    for candidate in reversed(list(built)):  # the latest first
        if candidate and not _blocking(compare(built[candidate], live)):
            return candidate
    return revisions or frozenset(heads)


def _blocking(differences: list[Difference]) -> bool:
    return any(each.blocks or each.kind == "table" for each in differences)


# -- revisions -------------------------------------------------------------------------------


def _revisions(connection: Connection, live: Catalogue) -> frozenset[str]:
    if "alembic_version" not in live.tables:
        return frozenset()
    return frozenset(connection.scalars(text("SELECT version_num FROM alembic_version")))


def _pending(script: ScriptDirectory, revisions: frozenset[str]) -> tuple[Migration, ...] | None:
    """Return the migrations still to run, oldest first; None when a revision is unknown."""
    known = {each.revision: each for each in script.walk_revisions()}
    if revisions - known.keys():
        return None
    done = {each.revision for each in script.iterate_revisions(tuple(revisions), "base")}
    return tuple(
        Migration(each.revision, each.doc)
        for each in reversed(known.values())
        if each.revision not in done
    )


def _of_revision(
    found: frozenset[str], heads: tuple[str, ...], mend: str, note: str = ""
) -> Difference:
    return Difference(
        kind="revision",
        table="",
        name="schema",
        expected=", ".join(heads),
        found=", ".join(sorted(found)) or None,
        mend=mend,
        note=note,
    )


def _stamp(found: frozenset[str], twin: frozenset[str]) -> Difference:
    target = ", ".join(sorted(twin))
    return Difference(
        kind="revision",
        table="",
        name="alembic_version",
        expected=target,
        found=", ".join(sorted(found)) or None,
        mend=f"flask db stamp {target}",
        note="The tables were made without their migrations, which would stop on them.",
    )


def _heads_apart(heads: tuple[str, ...]) -> Iterable[Difference]:
    if len(heads) > 1:
        yield Difference(
            kind="revision",
            table="",
            name="heads",
            expected="one head",
            found=", ".join(heads),
            mend="flask db merge heads",
            note="Two migrations follow the same one: a gap for the developers to close.",
        )
