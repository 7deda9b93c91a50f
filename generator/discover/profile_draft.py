"""A first profile for metrics that no profile reads, drafted from their names, types and values.

It is a guess. It leaves out what it cannot guess, and lists that, so that its reader can complete it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.families import grouped
from generator.discover.feeding import fed
from generator.discover.foreign import HISTOGRAM, Feed, Part, Place, exposed_metric
from generator.discover.hints import hints_of
from generator.discover.includes import includes
from generator.discover.label_finders import labels_of
from generator.discover.operations import sliced
from generator.discover.profile_text import Writer
from generator.discover.statuses import told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.audit.source import AuditSource
    from generator.discover.foreign import Exposed
    from generator.model.streams import Stream


class ProfileDraft(Struct, frozen=True):
    """The name and the text of a profile, the streams that it feeds, and hints for its reader."""

    name: str
    text: str
    streams: tuple[str, ...]
    hints: tuple[str, ...]


def drafted(
    source: AuditSource, streams: Mapping[str, Stream], name: str, origin: str
) -> ProfileDraft | None:
    """Draft a profile; None where nothing counts runs.

    Args:
        source: The series of one target.
        streams: Those of the library.
        name: The profile's.
        origin: The place and the day, for people.

    Raises:
        LiveError: the place fails.
    """
    place, names = Place(source), source.names(("",))
    exposed = (exposed_metric(family, source) for family in grouped(names, colons=source.lone))
    metrics = tuple(sliced(filter(None, exposed), place))
    feeds = told_apart(_feeds(metrics, streams, place), place)
    if not any(feed.stream == "run" for feed in feeds):
        return None
    inside = includes(feeds, metrics, place)
    writer = Writer(place, feeds, inside.text)
    created = any(one.endswith("_created") for one in names)
    lines = list(writer.lines(name, origin, created=created))
    hints = (*inside.doubts, *hints_of(metrics, feeds, place, writer.unclear))
    lines += ["", *(f"# {hint}" for hint in hints)] if hints else []
    return ProfileDraft(
        name, "".join(f"{line}\n" for line in lines), tuple(one.stream for one in feeds), hints
    )


def _feeds(metrics: Sequence[Exposed], streams: Mapping[str, Stream], place: Place) -> Iterator[Feed]:
    for stream, parts in fed(metrics, place).items():
        if parts and stream in streams and _has_bounds(parts[0], place):
            yield Feed(stream, parts, labels_of(streams[stream].labels, parts, place))


def _has_bounds(part: Part, place: Place) -> bool:
    """Whether a source has buckets, or needs none."""
    return part.metric.type != HISTOGRAM or bool(part.value or place.bounds(part.metric))
