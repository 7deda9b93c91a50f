"""A raw history through the whole chain, beside the real counts of its counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tests.prometheus.comparison import mismatches
from tests.prometheus.expected import RawHistory, expected
from tests.prometheus.increments import MINUTE, counted
from tests.prometheus.trials import needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from generator.live.remote_write import TimeSeries
    from generator.model.rules import RuleGroup
    from generator.model.service import Service
    from tests.prometheus.chain import Chain
    from tests.prometheus.comparison import Mismatch
    from tests.prometheus.expected import Key
    from tests.prometheus.increments import Bounded

#: Not a divisor of an hour: instants at all phases of the windows.
STEP = 7 * MINUTE


class ComparedRecords(Struct, frozen=True):
    """Expected and recorded series by instant (Unix seconds)."""

    expected: Mapping[int, Mapping[Key, Bounded]]
    recorded: Mapping[int, Mapping[Key, float]]

    @property
    def names(self) -> frozenset[str]:
        """The names of all series that are expected at some instant."""
        return frozenset(name for keys in self.expected.values() for name, _ in keys)

    def mismatches(self) -> list[Mismatch]:
        """Compare at every instant."""
        return self.against(self.recorded)

    def against(self, recorded: Mapping[int, Mapping[Key, float]]) -> list[Mismatch]:
        """Compare the records of other rules over the same raw series."""
        return [
            mismatch
            for at, keys in self.expected.items()
            for mismatch in mismatches(keys, recorded.get(at, {}), self.names, at)
        ]

    def values(self, name: str, **labels: str) -> list[float | None]:
        """List a recorded series at every instant, None where it is missing."""
        key = name, frozenset(labels.items())
        return [self.recorded.get(at, {}).get(key) for at in self.expected]


def observe(chain: Chain, raw: Iterable[TimeSeries], start: int, end: int) -> ComparedRecords:
    """Send raw series through the chain, as far as signals need it; compute the expected result by hand."""
    series = list(raw)
    foreseen = foresee(chain.service, series, start, end)
    chain.write(series)
    chain.evaluate(start, end, recording(chain, foreseen))
    return ComparedRecords(foreseen, chain.recorded(start + STEP, end, STEP))


def foresee(
    service: Service, series: Sequence[TimeSeries], start: int, end: int
) -> Mapping[int, Mapping[Key, Bounded]]:
    """Compute by hand what the chain must record of raw series."""
    return {at: expected(observed(service, series, at)) for at in range(start + STEP, end + 1, STEP)}


def recording(chain: Chain, *foreseen: Mapping[int, Mapping[Key, Bounded]]) -> list[RuleGroup]:
    """The rules of a chain that record what is foreseen, and their inputs."""
    names = {name for each in foreseen for keys in each.values() for name, _ in keys}
    return needed(chain.groups, sorted(names))


def observed(service: Service, series: Iterable[TimeSeries], at: int) -> RawHistory:
    """Count raw series up to an instant."""
    return RawHistory(
        counted(series),
        at,
        {(price.model, price.token_type): price.usd for price in service.prices},
        frozenset(model for inclusion in service.inclusions for model in inclusion.models),
    )
