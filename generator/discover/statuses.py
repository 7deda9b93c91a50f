"""What the values of foreign labels of outcomes mean, and streams that mean different things by the same values.

A profile has one translation of the label ``status``. A stream that means something else is split by ``where``.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.discover import meaning
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.discover.foreign import Feed, Part, Place

#: The largest number of listed values of one meaning.
MOST_VALUES = 40
_OK, _ERROR, _STATUS = "ok", "error", "status"
#: The ends of names of exceptions.
_CLASSES = ("Error", "Exception")


class Reading(Struct, frozen=True):
    """The meaning of each value of a label, and whether it names errors, of which there may be new ones."""

    label: str
    means: Mapping[str, str]
    names_errors: bool

    def of(self, meant: str) -> list[str]:
        """List the values with a meaning."""
        return [value for value, each in self.means.items() if each == meant]

    @property
    def successes(self) -> list[str]:
        """Write the patterns of successes: the seen values, else the usual ones."""
        ok = self.of(_OK)
        if self.names_errors and not ok:
            return [""]
        return self._with_codes(ok, ("ok", "success"), ("2..", "3.."))

    @property
    def errors(self) -> list[str]:
        """Write the patterns of failures: any text where a label names the error, else the seen or usual ones."""
        ok, bad = self.of(_OK), self.of(_ERROR)
        if self.names_errors and set(ok) <= {""}:
            return [".+"]
        if self.names_errors and all(one.endswith(_CLASSES) for one in bad) and not _of_class(ok):
            return [f".*{end}" for end in _CLASSES]
        return self._with_codes(bad, ("error", "failed", "failure"), ("4..", "5.."))

    @property
    def is_closed(self) -> bool:
        """Whether a value that was never seen has a meaning as well."""
        return not self.names_errors or self.errors[0].startswith(".")

    def _with_codes(self, seen: Sequence[str], usual: Sequence[str], codes: Sequence[str]) -> list[str]:
        """Write values as patterns, codes of HTTP as their classes."""
        plain = [one for one in seen if not meaning.is_http(one)]
        if any(map(meaning.is_http, self.means)):
            return [*_patterns(plain), *codes]
        return _patterns(plain or usual)


def _of_class(values: Iterable[str]) -> bool:
    return any(one.endswith(_CLASSES) for one in values)


def _patterns(values: Sequence[str]) -> list[str]:
    return list(islice(map(escape_regex, values), MOST_VALUES))


def reading_of(label: str, values: Sequence[str]) -> Reading:
    """Read the values of a label; where one is a yes or a no, the other one has a meaning before it is seen."""
    means, names_errors = meaning.statuses(label, values), meaning.names_errors(label, values)
    others = () if names_errors else meaning.opposites(means)
    return Reading(label, {**meaning.statuses(label, others), **means} if others else means, names_errors)


def merged(readings: Sequence[Reading]) -> Reading:
    """Read several labels that agree as one."""
    means = {value: meant for one in reversed(readings) for value, meant in one.means.items()}
    ordered = {value: means[value] for one in readings for value in one.means}
    return Reading(readings[0].label, ordered, readings[0].names_errors)


def told_apart(feeds: Iterable[Feed], place: Place) -> tuple[Feed, ...]:
    """Split the streams whose status means something else than that of the first one, and say so."""
    kept: list[Reading] = []
    found = []
    for feed in feeds:
        reading = _reading(feed, place)
        if reading and kept and not _agree(kept, reading):
            doubt = (
                f"{feed.parts[0].metric.name}: {reading.label} does not mean what {kept[0].label} means elsewhere, "
                "so where and set tell its values apart"
            )
            found.append(replace(_split(feed, reading), doubts=(doubt,)))
            continue
        kept += [reading] if reading else []
        found.append(feed)
    return tuple(found)


def _reading(feed: Feed, place: Place) -> Reading | None:
    label = feed.labels.get(_STATUS)
    if not label:
        return None
    values = {value: None for part in feed.parts for value in place.values(part.metric, label)}
    return reading_of(label, list(values))


def _agree(kept: Sequence[Reading], other: Reading) -> bool:
    """Whether one translation serves both: no value has two meanings, and new values have the same one."""
    known = merged(kept)
    if known.names_errors != other.names_errors:
        return False
    if any(other.means.get(value, meant) != meant for value, meant in known.means.items()):
        return False
    one, two = set(known.of(_OK)), set(other.of(_OK))
    return not known.names_errors or one == two or not one or not two


def _split(feed: Feed, reading: Reading) -> Feed:
    """Give each meaning a part of its own."""
    patterns = ((_OK, reading.successes), (_ERROR, reading.errors))
    parts = tuple(
        _where(part, reading.label, tuple(some), meant) for part in feed.parts for meant, some in patterns
    )
    labels = {name: label for name, label in feed.labels.items() if name != _STATUS}
    return replace(feed, parts=parts, labels=labels)


def _where(part: Part, label: str, patterns: tuple[str, ...], meant: str) -> Part:
    metric = replace(part.metric, where=(*part.metric.where, (label, patterns)))
    return replace(part, metric=metric, constants=(*part.constants, (_STATUS, meant)))


def doubts(feeds: Iterable[Feed], place: Place) -> Iterator[str]:
    """Say what was assumed of the labels that name errors."""
    for feed in feeds:
        reading = _reading(feed, place)
        if reading is None or not reading.names_errors:
            continue
        name = feed.parts[0].metric.name
        if not reading.of(_OK):
            yield f"{name}: every {reading.label} seen is an error; a series without it is taken as a success"
        elif not reading.is_closed:
            yield (
                f"{name}: a new {reading.label} is no success, and is counted as an error once status lists it"
            )
