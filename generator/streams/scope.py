"""The subject of rules: all services at once, or one service's own signals and alerts.

Both are written in the same way. A rule reads streams and constants, which services' files record, only inside an
aggregation that lists its labels, so that no service's file can break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.rules import RecordingRule
from generator.promql.expr import Expr, Matcher, Series, aggregate, binary, bottom, call, number, top

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.model.service import Site
    from generator.model.streams import Stream

#: Matches the records of any service's own file in a shared rule, but no series without a service.
_ANY: tuple[Matcher, ...] = ((names.SERVICE, "!=", ""),)


class Scope(Struct, frozen=True):
    """All services, or the named one."""

    site: Site
    service: str = ""

    @property
    def shared(self) -> bool:
        """Whether rules are about all services."""
        return not self.service

    def record(self, name: str) -> Series:
        """Select a record of our own rules."""
        return Series(name, self._own)

    def written(self, name: str, /, **labels: str) -> Series:
        """Select a record of services' files: a stream or a constant.

        For a constant, pass every label that distinguishes it, an absent one as an empty text.
        """
        return Series(name, self._own or _ANY).where(**labels)

    def stream(self, stream: Stream) -> Series:
        """Select the events per second of a stream."""
        return self.record(names.rate(stream)) if stream.derived else self.written(names.rate(stream))

    @property
    def _own(self) -> tuple[Matcher, ...]:
        return ((names.SERVICE, "=", self.service),) if self.service else ()


def each(labels: Iterable[str] = ()) -> tuple[str, ...]:
    """List the labels of a level: the service, and those of the breakdown."""
    return (names.SERVICE, *labels)


def summed(expr: Expr, labels: Iterable[str] = ()) -> Expr:
    """Sum to a level."""
    return aggregate("sum", expr, each(labels))


def grouped(expr: Expr, labels: Iterable[str] = ()) -> Expr:
    """Reduce to the existence of series, at a level: 1 for each."""
    return aggregate("group", expr, each(labels))


def largest(expr: Expr, labels: Iterable[str] = ()) -> Expr:
    """Keep the largest value at a level."""
    return aggregate("max", expr, each(labels))


def smallest(expr: Expr, labels: Iterable[str] = ()) -> Expr:
    """Keep the smallest value at a level."""
    return aggregate("min", expr, each(labels))


def top_of_each(expr: Expr) -> Expr:
    """Keep the one largest series of each service."""
    return top(expr, each())


def bottom_of_each(expr: Expr) -> Expr:
    """Keep the one smallest series of each service."""
    return bottom(expr, each())


def join(op: str, left: Expr, right: Expr, labels: Sequence[str] = ()) -> Expr:
    """Join two vectors of one level."""
    return binary(op, left, right, on=each(labels))


def spread(op: str, left: Expr, right: Expr, labels: Sequence[str] = ()) -> Expr:
    """Join each series of ``left`` with the one of ``right`` at a coarser level: the service and ``labels``."""
    return binary(op, left, right, on=each(labels), group_left=())


def having(of: Series, labels: Iterable[str]) -> Series:
    """Select only the series with all labels of a level."""
    return of.where("!=", **dict.fromkeys(labels, ""))


def measuring(stream: Stream, scope: Scope, labels: Sequence[str] = (), /, **where: str) -> Expr:
    """Find the services whose profile feeds a shared stream, with ``labels`` of the feed, such as its metric."""
    feeds = Series(names.PROFILE_STREAM).where(**{names.STREAM: stream.name}, **where).now()
    feeding = aggregate("max", feeds, (names.PROFILE, *labels))
    known = grouped(scope.record(names.KNOWN).now(), (names.PROFILE,))
    return grouped(binary("*", known, feeding, on=(names.PROFILE,), group_left=labels), labels)


def over_window(rates: Series, window: int, site: Site) -> Expr:
    """Count the events of a window from recorded rates; one second shorter, as a range may hold one sample more."""
    return call("sum_over_time", rates.over(window - 1)) * number(site.rule_interval)


def distinct(rules: Iterable[RecordingRule], recorded: Iterable[str] = ()) -> Iterator[RecordingRule]:
    """Keep the first rule of each record: rules of the same name and labels are the same."""
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = {(name, ()) for name in recorded}
    for rule in rules:
        key = (rule.record, tuple(sorted(rule.labels.items())))
        if key not in seen:
            seen.add(key)
            yield rule


def without_recorded(
    chains: Iterable[Iterable[RecordingRule]], recorded: set[str]
) -> Iterator[tuple[RecordingRule, ...]]:
    """Leave out of each chain the records of earlier ones, and those in ``recorded``, to which all are added."""
    for chain in chains:
        new = tuple(distinct(chain, recorded))
        recorded.update(one.record for one in new if names.SIGNAL not in one.labels)
        yield new


def rule(name: str, expr: Expr, /, **labels: str) -> RecordingRule:
    """Build the rule that records ``expr``."""
    return RecordingRule(name, expr.text, labels)


def unlisted_values(rates: Series, label: str, scope: Scope) -> Expr:
    """Sum the series with an unlisted value of ``label``, by service and value, where there is a list.

    Args:
        rates: The series of a stream that have the label.
        label: Its name.
        scope: All services.
    """
    by = (label,)
    own = scope.written(names.LABEL_VALUE, **{names.LABEL: label})
    known = Series(names.PROFILE_LABEL_VALUE).where(**{names.LABEL: label})
    lists = grouped(own.now()) | binary(
        "and", scope.record(names.KNOWN).now(), known.now(), on=(names.PROFILE,)
    )
    profile = binary(
        "*",
        grouped(rates.now(), by),
        grouped(scope.record(names.KNOWN).now(), (names.PROFILE,)),
        on=each(),
        group_left=(names.PROFILE,),
    )
    listed = binary("and", profile, known.now(), on=(names.PROFILE, label))
    unlisted = join("and", summed(rates.now(), by) >= number(0), lists)
    unlisted = join("unless", unlisted, grouped(having(own, by).now(), by), by)
    return join("unless", unlisted, listed, by)
