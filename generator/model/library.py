"""The resolved library, and the facts of each profile: the whole input of shared rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Span
from generator.model.alerts import Alert
from generator.model.service import Inclusion, Objective, Price
from generator.model.signals import Signal
from generator.model.streams import TOKEN_TYPE, Stream


class ProfileFacts(Struct, frozen=True):
    """A profile's facts that shared rules need, as data.

    Attributes:
        name: The profile.
        feeds: For each stream the metric that feeds it.
        values: The listed values of each label.
        max_live: The default largest number of live values of each label that is bounded by number.
        objectives: Its default objectives.
        includes: Pairs of token types, of which the first counts the second inside; None as prices.yaml says.
    """

    name: str
    feeds: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    max_live: Mapping[str, int]
    objectives: Mapping[str, Objective]
    includes: tuple[tuple[str, str], ...] | None = None


class Library(Struct, frozen=True):
    """Streams, signals and default alerts, the same for every service; alerts have bounds as they are written.

    ``origins`` is the place of each part by dotted path, as for a service. ``marks`` are the labels that some
    services' authors chose for their alerts.
    """

    streams: Mapping[str, Stream]
    signals: Mapping[str, Signal]
    alerts: tuple[Alert, ...]
    runs: Stream | None
    profiles: tuple[ProfileFacts, ...]
    prices: tuple[Price, ...]
    inclusions: tuple[Inclusion, ...]
    origins: Mapping[str, Span]
    marks: tuple[str, ...] = ()

    def marked(self, labels: Iterable[str]) -> Library:
        """Add further labels to all alerts, for the services that have them."""
        marks = tuple(sorted(set(labels)))
        return self if marks == self.marks else replace(self, marks=marks)

    def used_by(self, profiles: Collection[str]) -> Library:
        """Drop the facts of other profiles, and the prices of token types that only those count."""
        used = tuple(one for one in self.profiles if one.name in profiles)
        if used == self.profiles:
            return self
        counted = {value for one in used for value in one.values.get(TOKEN_TYPE, ())}
        return replace(
            self,
            profiles=used,
            prices=tuple(one for one in self.prices if one.token_type in counted),
            inclusions=tuple(_among(self.inclusions, counted)),
        )


def _among(inclusions: Iterable[Inclusion], counted: Collection[str]) -> Iterator[Inclusion]:
    """Keep the inclusions between the counted token types."""
    for one in inclusions:
        included = tuple(inner for inner in one.included if inner in counted)
        if included and one.token_type in counted:
            yield replace(one, included=included)
