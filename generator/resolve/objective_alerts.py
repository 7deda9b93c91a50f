"""Alerts that follow from objectives: an objective that no alert watches gets alerts of its own.

The service's alerts override them, so that a service can change them key by key, or turn them off.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Span
from generator.model.names import LONGEST_ALERT_NAME
from generator.model.signals import (
    Cost,
    Count,
    Distribution,
    Level,
    Quantile,
    Ratio,
    Share,
    Signal,
    Tokens,
    divisor,
)
from generator.model.units import HOUR
from generator.notation.quantities import stands_on_objective
from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Keyed, Located, SignalsSpec, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.alerts.draft import AlertScope

#: Suffixes of the names of alerts on a missed objective, and on an error budget that burns too fast.
MISSED, BURN = "Missed", "Burn"
_DIGITS = 6
#: The fewest bad events, and the fewest events, of the library's own alerts on objectives.
_FEWEST_BAD, _FEWEST = 5, 10
#: The longer window, for signals whose own window has too few events; and the time by which they outlast a condition.
_LONGER, _KEPT = "3h", "30m"
_LONGEST_OWN = HOUR


class Watched(Struct, frozen=True):
    """The written alerts, and the other inputs of the alerts on objectives."""

    alerts: Mapping[str, Entry[AlertSpec]]
    library: SignalsSpec | None
    scope: AlertScope

    @property
    def place(self) -> Span:
        """The place of defaults, which no author wrote."""
        return self.library.span if self.library else Span.of_file("")


def objective_alerts(objectives: Iterable[Text], watched: Watched) -> Iterator[Entry[AlertSpec]]:
    """Make the missing alerts of ``objectives``, the keys of the written objectives."""
    for key in {key.value: key for key in objectives}.values():
        signal, objective = watched.scope.signals.get(key.value), watched.scope.objectives.get(key.value)
        if signal is None or objective is None:
            continue
        if not _has("threshold", signal, watched):
            yield _missed(key, signal, watched)
        if objective.window and not _has("burn_rate", signal, watched):
            yield from _burn(key, signal, watched)


def _has(kind: str, signal: Signal, watched: Watched) -> bool:
    return any(_is_watched(entry.value, kind, signal, watched) for entry in watched.alerts.values())


def _is_watched(spec: AlertSpec, kind: str, signal: Signal, watched: Watched) -> bool:
    """Whether an alert watches the objective: any alert of an author, or one of the library on the objective."""
    body: AlertKindSpec | None = getattr(spec, kind)
    if body is None or body.signal is None or body.signal.value != signal.name:
        return False
    bounds = [text for text in (spec.warning, spec.critical) if text]
    is_default = all(
        text.span.file == watched.place.file and not stands_on_objective(text.value) for text in bounds
    )
    return kind == "burn_rate" or not is_default


def _missed(key: Text, signal: Signal, watched: Watched) -> Entry[AlertSpec]:
    """Make a ticket for a missed objective; where the worst part represents a signal, each part must meet it."""
    place = watched.place
    by = signal.kind.label if isinstance(signal.kind, Distribution) else signal.worst_by
    by = by if (by,) in signal.levels else None
    bad, fewest = _floors(signal)
    spec = replace(
        _NOTHING,
        span=place,
        threshold=_about(signal, by, place, also_over=_LONGER if _is_rare(signal) else ""),
        warning=Located("objective", place),
        keep_firing_for=Located(_KEPT, place),
        min_bad_events=Located(bad, place) if bad else None,
        min_events=Located(fewest, place) if fewest else None,
        summary=f"Signal {signal.name} misses its objective.",
        means=(
            "The signal is beyond what its spec promises. Since when is it so: compare the releases, then the signals "
            "that moved with it."
        ),
    )
    return Entry(Located(_name(signal, MISSED, watched), key.span), spec)


def _burn(key: Text, signal: Signal, watched: Watched) -> Iterator[Entry[AlertSpec]]:
    """Watch an error budget as the library watches its first one."""
    written = watched.library.alerts if watched.library else ()
    default = next((entry.value for entry in written if entry.value.burn_rate), None)
    if default is not None:
        spec = replace(
            default,
            burn_rate=_about(signal, None, watched.place),
            disabled=None,
            summary=f"Signal {signal.name} spends its error budget too fast.",
        )
        yield Entry(Located(_name(signal, BURN, watched), key.span), spec)


def _floors(signal: Signal) -> tuple[int, int]:
    """Choose the fewest bad events, and the fewest events, on which a signal can miss its objective."""
    match signal.kind:
        case Share() | Distribution() | Quantile():
            return _FEWEST_BAD, 0
        case Ratio() | Tokens() | Cost() | Count() | Level():
            return 0, _FEWEST if divisor(signal) else 0


def _is_rare(signal: Signal) -> bool:
    """Whether a longer window shows more of a signal than its own window does."""
    return isinstance(signal.kind, Share | Distribution | Quantile) and signal.window <= _LONGEST_OWN


def _about(signal: Signal, by: str | None, place: Span, *, also_over: str = "") -> AlertKindSpec:
    return AlertKindSpec(
        span=place,
        signal=Located(signal.name, place),
        by=Located(by, place) if by else None,
        over=None,
        beyond=None,
        unfinished=None,
        also_over=Located(also_over, place) if also_over else None,
        watch=None,
    )


def _name(signal: Signal, end: str, watched: Watched) -> str:
    """Name an alert after its signal: ``AgentHandoverRateMissed``.

    A name that is too long, or could belong to another signal's alert or a written one, ends in a digest.
    """
    words = "".join(part.capitalize() for part in signal.name.split("_"))
    name = f"Agent{words}{end}"
    taken = watched.alerts.get(name)
    others = (other for other in watched.scope.signals if other != signal.name)
    if (
        len(name) <= LONGEST_ALERT_NAME
        and taken is None
        and words.lower() not in {other.replace("_", "") for other in others}
    ):
        return name
    digest = sha256(signal.name.encode()).hexdigest()[:_DIGITS].upper()
    room = LONGEST_ALERT_NAME - len("Agent") - len(end) - _DIGITS
    return f"Agent{words[:room]}{digest}{end}"


_NOTHING = AlertSpec(
    span=Span.of_file(""),
    written=frozenset(),
    **dict.fromkeys(name for name in AlertSpec.__struct_fields__ if name not in Keyed.__struct_fields__),
)
