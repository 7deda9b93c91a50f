"""A first profile for metrics that no profile reads, drafted from their names, types and values.

It is a guess. It leaves out what it cannot guess, and lists that, so that its reader can complete it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.families import grouped
from generator.diagnostics.wording import printable, shortened
from generator.discover.feeding import fed
from generator.discover.foreign import HISTOGRAM, TELLING, Exposed, Feed, Part, Place, exposed_metric
from generator.discover.label_finders import labels_of
from generator.discover.profile_text import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.audit.source import AuditSource
    from generator.model.streams import Stream

#: The largest number of characters in a hint.
_LONGEST = 200


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
    metrics = tuple(
        one for family in grouped(names, colons=source.lone) if (one := exposed_metric(family, source))
    )
    feeds = tuple(
        Feed(stream, parts, labels_of(streams[stream].labels, parts, place))
        for stream, parts in fed(metrics, place).items()
        if parts and stream in streams and _has_bounds(parts[0], place)
    )
    if not any(feed.stream == "run" for feed in feeds):
        return None
    writer = Writer(place, feeds)
    created = any(one.endswith("_created") for one in names)
    lines = list(writer.lines(name, origin, created=created))
    hints = tuple(printable(shortened(one, _LONGEST)) for one in hints_of(metrics, feeds, writer.unclear))
    lines += ["", *(f"# {hint}" for hint in hints)] if hints else []
    return ProfileDraft(
        name, "".join(f"{line}\n" for line in lines), tuple(one.stream for one in feeds), hints
    )


def _has_bounds(part: Part, place: Place) -> bool:
    """Whether a source has buckets, or needs none."""
    return part.metric.type != HISTOGRAM or bool(part.value or place.bounds(part.metric))


def hints_of(
    metrics: Iterable[Exposed], feeds: Sequence[Feed], unclear: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    """Name the values and metrics of agents that the profile does not read."""
    run = next(feed for feed in feeds if feed.stream == "run")
    if "status" not in run.labels and not any(part.constants for part in run.parts):
        yield f"no label of {run.parts[0].metric.name} says whether it failed, so there is no success rate"
    for label, values in unclear.items():
        yield f"unclear: which value is {label} {', '.join(sorted(values))}?"
    used = {part.metric.name for feed in feeds for part in feed.parts}
    used |= {part.minus for feed in feeds for part in feed.parts}
    left = sorted(one.name for one in metrics if one.words & TELLING and one.name not in used)
    yield from (f"not used: {name}" for name in left)
