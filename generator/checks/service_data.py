"""The series that services' files record for the shared rules to read: streams, and constants."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.outside import STREAM
from generator.model.streams import MODEL, TOKEN_TYPE, Stream
from generator.promql.shape import ABSENT, NOTHING, Origin, Shape, constant, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


#: The placeholder for a service's own name in inferred results; no service can have this name.
THIS = "THIS SERVICE"

#: Values that are not counted: each series has one.
_ANY = constant("")
#: The labels of each constant besides the service; each service's file records some of them.
CONSTANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.INFO: (names.OWNER, names.PROFILE, names.RUN_WORD),
        names.OBJECTIVE: (names.SIGNAL,),
        names.OBJECTIVE_WINDOW: (names.SIGNAL,),
        names.TRAFFIC: (),
        names.LABEL_VALUE: (names.LABEL,),
        names.LABEL_MAX: (names.LABEL,),
        names.OVERRIDE: (names.ALERT, names.PART, names.SEVERITY, names.WORDS),
        names.VARIANT: (names.ALERT, names.VARIANT_LABEL),
        names.LINK: ("link", "url", "url_of_release"),
        names.SCRAPED: (),
    }
)

#: The labels of the shared files' data of profiles and of prices; any of it may be missing.
_OF_ALL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.PROFILE_STREAM: (names.PROFILE, names.STREAM, names.METRIC),
        names.PROFILE_LABEL_VALUE: (names.PROFILE, names.LABEL),
        names.PROFILE_LABEL_MAX: (names.PROFILE, names.LABEL),
        names.PRICE: (MODEL, TOKEN_TYPE),
        names.PRICE_WITHIN: (MODEL, TOKEN_TYPE, "within"),
    }
)

#: A stream that a profile feeds: its record, its stem, and the labels that the record keeps.
Feed = tuple[str, str, tuple[str, ...]]


class Data(Struct, frozen=True):
    """The input of services' files for the shared rules, as far as series depend on it.

    Attributes:
        feeds: The streams.
        profile: The profile; empty for any.
        promised: The signals with an objective; None for any.
        marks: The labels of alerts that authors chose.
    """

    feeds: tuple[Feed, ...]
    profile: str = ""
    promised: frozenset[str] | None = None
    marks: tuple[str, ...] = ()


def buckets(stem: str) -> str:
    """Name the set of a histogram's bucket bounds; no label can have this name."""
    return f"{names.LE}:{stem}"


def feeds(streams: Iterable[Stream]) -> tuple[Feed, ...]:
    """Describe the streams that shared rules read, in the order of their names."""
    return tuple(sorted((names.rate(one), one.stem, one.kept) for one in streams if one.shared))


def data_series(library: Iterable[Stream], data: Data) -> dict[str, Shape]:
    """Build the series of data for the shared rules; a library stream without a source has no series."""
    shapes = {names.rate(stream): NOTHING for stream in (*library, STREAM)}
    shapes |= {record: _stream(stem, labels) for record, stem, labels in data.feeds}
    labels = sorted({label for stream in library for label in stream.labels})
    values = {name: (ABSENT, name) for name in labels}
    known: dict[str, dict[str, Origin]] = {
        names.INFO: {names.PROFILE: constant(data.profile)},
        names.OBJECTIVE: _signals(data.promised),
        names.OBJECTIVE_WINDOW: _signals(data.promised),
        names.LABEL_VALUE: dict(values),
        names.PROFILE_LABEL_VALUE: dict(values),
    }
    constants = {**CONSTANTS, names.INFO: (*CONSTANTS[names.INFO], *data.marks)}
    for name, own in constants.items():
        shapes[name] = _constant(
            {**dict.fromkeys(own, _ANY), names.SERVICE: constant(THIS)}, known.get(name, {})
        )
    for name, own in _OF_ALL.items():
        shapes[name] = _constant(dict.fromkeys(own, _ANY), known.get(name, {}))
    return shapes


def _signals(promised: frozenset[str] | None) -> dict[str, Origin]:
    if promised is None:
        return {}
    return {names.SIGNAL: tuple(part for name in sorted(promised) for part in constant(name))}


def _stream(stem: str, labels: Iterable[str]) -> Shape:
    origins: dict[str, Origin] = {name: (name,) for name in labels}
    if names.LE in origins:
        origins[names.LE] = (buckets(stem),)
    return shape({**origins, names.SERVICE: constant(THIS)})


def _constant(labels: dict[str, Origin], known: Mapping[str, Origin]) -> Shape:
    merged = {**labels, **known}
    return shape(merged) if all(merged.values()) else NOTHING
