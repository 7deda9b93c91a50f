"""The artifacts that are about all services; dashboards are drawn again only when other series are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import packed
from generator.compiler import emit_dashboards, emit_fleet
from generator.grafana.records import records_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.artifact import File, Packed
    from generator.build.memo import Memo
    from generator.compiler import Entry
    from generator.grafana.records import Records
    from generator.model.service import Site
    from generator.resolve.model import Common


def of_all(entries: Iterable[Entry], common: Common, memo: Memo | None) -> tuple[File, ...]:
    """Write what all services enter in."""
    ordered = sorted(entries, key=lambda entry: entry.service)
    return (*_dashboards(ordered, common.site, memo), *emit_fleet(ordered, common))


def _dashboards(entries: Iterable[Entry], site: Site, memo: Memo | None) -> tuple[Packed, ...]:
    records = records_of((entry.recording.thaw() for entry in entries), site)
    key = memo.key_of(*_told_apart(records)) if memo else ""
    found: tuple[Packed, ...] | None = memo.find(key, tuple) if memo else None
    if memo and found is not None and memo.holds_all(found):
        return found
    made = tuple(map(packed, emit_dashboards(records, site)))
    if memo:
        memo.made(key, tuple(artifact.bare() for artifact in made))
    return made


def _told_apart(records: Records) -> Iterator[str]:
    """Write all that dashboards depend on, sets in their order."""
    for name in records.__struct_fields__:
        value = getattr(records, name)
        yield f"{name}={sorted(value) if isinstance(value, frozenset) else value!r}"
