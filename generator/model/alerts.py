"""Alerts as meant: bounds in base units, and only tiers that can fire; and a service's changes to shared ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from generator.model import names
from generator.model.metrics import Label
from generator.model.streams import Stream
from generator.model.units import DAY, HOUR, duration, plain

#: Seconds over which releases are compared: while both serve runs, both over the first; else the newest over the first
#: and the previous over the second. Over the third: the start of the newest and the end of the previous, the effect of
#: a release.
NEWEST_WINDOW = 6 * HOUR
PREVIOUS_WINDOW = DAY
STEP_WINDOW = HOUR
#: Seconds over which values outside a label's bounds are counted: a stray one is soon forgotten.
OUTSIDE_WINDOW = HOUR
#: The numbers of an alert; the names of constants and records end in these.
BOUND, BEYOND, MIN_EVENTS, MIN_BAD_EVENTS = "bound", "beyond", "min_events", "min_bad_events"
#: Suffixes of a number that depends on the objective: the factor of the objective, and the amount added to it.
FACTOR, OFFSET = "_factor", "_offset"
#: An alert on promised traffic looks back over its shortest time and over these multiples of it, up to a day.
_LONGER = (2, 4, 12, 48)
#: Below the first number of promised runs, silence proves nothing. From the second on, half of them are enough proof,
#: and clearly fewer seldom look by chance like half, so that no longer window is needed.
FEWEST_PROMISED, MANY_PROMISED = 10, 80
#: The variant that turns an alert off.
OFF = "off"


class AlertSeverity(StrEnum):
    """The severities of alert labels."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Burn(Struct, frozen=True):
    """A burn rate: the budget is spent ``factor`` times too fast, in a long and in a short window."""

    factor: float
    long: int
    short: int

    @property
    def text(self) -> str:
        """Its form in specs: ``14.4x in 1h and 5m``."""
        return f"{plain(self.factor)}x in {duration(self.long)} and {duration(self.short)}"


def pace_part(burn: Burn) -> str:
    """Name the number for how fast a budget is spent in these windows."""
    return f"pace_{duration(burn.long)}_{duration(burn.short)}"


class Bound(Struct, frozen=True):
    """A bound as its author wrote it: an amount, or ``factor`` times the objective plus ``amount``.

    Attributes:
        amount: In the signal's base unit; percentage points for a difference of shares.
        factor: How many times the objective; None where the bound does not depend on it.
        words: For people, with # in place of the resulting amount: ``#, 2x the objective``.
    """

    amount: float
    factor: float | None
    words: str

    def of(self, objective: float) -> float:
        """Compute the bound from an objective."""
        return round(self.amount + (self.factor or 0) * objective, 9)


class Tier(Struct, frozen=True):
    """A severity and the bound beyond which it applies, in the signal's base unit; ``text`` is for people.

    A burn rate has its paces in ``burns`` instead; any of them is enough. ``written`` is the bound as its author wrote
    it, if any.
    """

    severity: AlertSeverity
    bound: float
    text: str
    burns: tuple[Burn, ...] = ()
    written: Bound | None = None


class Reported(StrEnum):
    """What an alert of a kind reports.

    Attributes:
        VALUE: A signal's value beyond a bound.
        EVENTS: Events of a signal that are missing, or that something is missing for.
        SILENCE: A signal without any series.
        SERVICE: Labels or series of a service: no signal's status depends on it.
        RULES: The rules of all services, which no service owns or turns off.
    """

    VALUE = "value"
    EVENTS = "events"
    SILENCE = "silence"
    SERVICE = "service"
    RULES = "rules"


class Number(Struct, frozen=True):
    """A number of an alert that a service can change, as written; ``severity`` is empty where all share it."""

    severity: str
    part: str
    written: Bound | Burn | int


class _Kind(Struct, frozen=True):
    """The common base of the kinds; each says what it ``reports``."""

    @property
    def bounds(self) -> Mapping[str, Bound]:
        """The bounds that all severities share, by part."""
        return {}

    @property
    def about(self) -> str:
        """The stream or label that distinguishes alerts of one name; empty where there is only one."""
        return ""


class Threshold(_Kind, frozen=True, tag=True):
    """The signal is beyond the bound.

    With ``unfinished`` it also fires when no run finishes and the numerator grows beyond what the bound allows.
    ``also_over`` is a second, longer window in seconds, for events too rare for the signal's own window; 0 for none.
    ``by_bound`` says that events are bad only by the bound that is tested, as observations behind a quantile are.
    """

    reports: ClassVar = Reported.VALUE
    unfinished: bool = False
    also_over: int = 0
    by_bound: bool = False

    @property
    def lately(self) -> int:
        """The last seconds of ``also_over``, in which the signal must still be bad."""
        return self.also_over // 2


class Change(_Kind, frozen=True, tag=True):
    """The signal is worse than ``over`` seconds ago by the bound.

    A ``relative`` bound is a part of the earlier value, any other a difference. The signal itself must be beyond
    ``beyond`` as well, in base units, so that a change among good values stays quiet. ``also_over`` is a second, longer
    window in seconds, compared with the one before it, for events too rare for the signal's own window; 0 for none.
    """

    reports: ClassVar = Reported.VALUE
    over: int
    relative: bool
    beyond: float | None
    beyond_written: Bound | None = None
    also_over: int = 0

    @property
    def bounds(self) -> Mapping[str, Bound]:
        """The bound that the signal itself must be beyond."""
        return {BEYOND: self.beyond_written} if self.beyond_written else {}


class Regression(_Kind, frozen=True, tag=True):
    """The newest release is worse than the previous one by the bound; ``relative`` as in Change."""

    reports: ClassVar = Reported.VALUE
    relative: bool


class BurnRate(_Kind, frozen=True, tag=True):
    """The error budget, ``budget`` as a share of all events, is spent faster than its window allows.

    ``interval`` is the rule interval in seconds: how often a window holds a sample.
    """

    reports: ClassVar = Reported.VALUE
    budget: float
    interval: int


class Overflow(_Kind, frozen=True, tag=True):
    """More than the bound's share of observations lie above the last bucket, where a quantile cannot be computed.

    ``also_over`` is a second, longer window in seconds, for observations too rare for the signal's own; 0 for none.
    """

    reports: ClassVar = Reported.VALUE
    also_over: int = 0

    @property
    def lately(self) -> int:
        """The last seconds of ``also_over``, in which too many must still be beyond."""
        return self.also_over // 2


class Forecast(_Kind, frozen=True, tag=True):
    """The day that the current pace comes to exceeds the bound."""

    reports: ClassVar = Reported.VALUE


class Fall(_Kind, frozen=True, tag=True):
    """A count is far below its value an hour ago and its value at this time yesterday; the bound is a part of these."""

    reports: ClassVar = Reported.VALUE


class Unpriced(_Kind, frozen=True, tag=True):
    """Tokens are used that have no price."""

    reports: ClassVar = Reported.EVENTS


class Absence(_Kind, frozen=True, tag=True):
    """``stream`` has no series although it should: runs finish, or, for the run counter, it existed within a day."""

    reports: ClassVar = Reported.SILENCE
    stream: Stream
    runs: str

    @property
    def about(self) -> str:
        """The subject."""
        return self.stream.name


class Idle(_Kind, frozen=True, tag=True):
    """Fewer than half of the promised runs finish, within ``over`` seconds or within one of the longer windows."""

    reports: ClassVar = Reported.EVENTS
    over: int

    @property
    def windows(self) -> tuple[int, ...]:
        """List the windows that it may look back over, the shortest first; the promise decides which one is used."""
        longer = (min(self.over * times, DAY) for times in _LONGER if self.over < DAY)
        return tuple(dict.fromkeys((self.over, *longer)))


class Undeclared(_Kind, frozen=True, tag=True):
    """``label`` of ``stream`` has values that the spec does not list, or more values than the spec allows."""

    reports: ClassVar = Reported.SERVICE
    stream: Stream
    label: Label

    @property
    def about(self) -> str:
        """The subject."""
        return self.label.name


class Outside(_Kind, frozen=True, tag=True):
    """Generated instrumentation received values that the spec does not allow; ``stream`` counts them by ``label``."""

    reports: ClassVar = Reported.SERVICE
    stream: Stream
    label: Label

    @property
    def about(self) -> str:
        """The subject."""
        return names.OUTSIDE


class SeriesCount(_Kind, frozen=True, tag=True):
    """The service has more live series than ``allowed``."""

    reports: ClassVar = Reported.SERVICE
    allowed: int


class Watch(StrEnum):
    """The part of the rules' own health that an alert watches."""

    CONSTANTS = "constants"
    OWNERS = "owners"
    FAILURES = "failures"
    ROUNDS = "rounds"


class RuleHealth(_Kind, frozen=True, tag=True):
    """The rules themselves do not work, so that a quiet and green board proves nothing."""

    reports: ClassVar = Reported.RULES
    watch: Watch

    @property
    def about(self) -> str:
        """The subject."""
        return str(self.watch)


AlertKind = (
    Threshold
    | Change
    | Regression
    | BurnRate
    | Overflow
    | Forecast
    | Fall
    | Unpriced
    | Absence
    | Idle
    | Undeclared
    | Outside
    | SeriesCount
    | RuleHealth
)


class Alert(Struct, frozen=True):
    """An alert of a service.

    Attributes:
        name: The name in the library or the spec, such as ``AgentSuccessRateLow``.
        kind: The kind of condition.
        signal: The name of the signal it is about.
        by: The label for each value of which it fires; None for the whole service.
        tiers: Severities and bounds, the most severe first.
        for_: Seconds that the condition must hold.
        keep_firing_for: Seconds for which it goes on firing after the condition ended.
        min_events: The fewest events in the window for which a value counts.
        min_bad_events: The fewest bad events in the window; for changes, beyond those that the other side predicts.
        summary: One sentence without templates.
        means: Its meaning and usual causes, for runbooks.
        shared: Whether it is of the library, so that one rule watches all services.
        only: The one value of ``by`` that it is about; empty for all values.
    """

    name: str
    kind: AlertKind
    signal: str
    by: str | None
    tiers: tuple[Tier, ...]
    for_: int
    keep_firing_for: int
    min_events: int
    min_bad_events: int
    summary: str
    means: str
    shared: bool = False
    only: str = ""

    @property
    def about_signal(self) -> bool:
        """Whether it is about the signal itself, and so part of the signal's status on the board."""
        return self.kind.reports not in {Reported.SERVICE, Reported.RULES}

    @property
    def shown(self) -> bool:
        """Whether it is about a signal's value, which is then shown beside its status."""
        return self.kind.reports in {Reported.VALUE, Reported.EVENTS}

    @property
    def about_rules(self) -> bool:
        """Whether it is about the rules of all services, so that no service owns it or turns it off."""
        return self.kind.reports is Reported.RULES

    @property
    def about(self) -> str:
        """The stream, label or value that distinguishes alerts of one name; empty where there is only one."""
        return self.kind.about or self.only

    @property
    def floors(self) -> Mapping[str, int]:
        """The floors that it has, by part."""
        both = {MIN_EVENTS: self.min_events, MIN_BAD_EVENTS: self.min_bad_events}
        return {part: fewest for part, fewest in both.items() if fewest}

    @property
    def numbers(self) -> Iterator[Number]:
        """Its numbers: those of severities before those that all share."""
        for tier in self.tiers:
            if tier.written is not None:
                yield Number(str(tier.severity), BOUND, tier.written)
            for burn in tier.burns:
                yield Number(str(tier.severity), pace_part(burn), burn)
        both: dict[str, Bound | int] = {**self.kind.bounds, **self.floors}
        yield from (Number("", part, written) for part, written in both.items())

    @property
    def of_release(self) -> bool:
        """Whether its label ``release`` names the release that it is about."""
        return self.by == names.RELEASE or isinstance(self.kind, Regression)


def has_mildest(alert: Alert) -> bool:
    """Whether chance is judged by the mildest tier's bound: there are several, and single events are bad anyway."""
    kind = alert.kind
    judged = isinstance(kind, Threshold) and bool(kind.also_over) and not kind.by_bound
    return judged and alert.min_bad_events > 0 and len(alert.tiers) > 1


class Override(Struct, frozen=True):
    """A number of a shared alert that a service changes; ``severity`` is empty where all severities share it."""

    alert: str
    severity: str
    part: str
    value: float
    words: str


class Variant(Struct, frozen=True):
    """A service's own form of a shared alert, which differs in more than numbers; ``name`` names the difference."""

    alert: str
    name: str
    alerts: tuple[Alert, ...]


class Deviations(Struct, frozen=True):
    """The changes of a service to the shared alerts; ``reasons`` are those of the alerts that its author turned off."""

    overrides: tuple[Override, ...] = ()
    variants: tuple[Variant, ...] = ()
    off: tuple[str, ...] = ()
    reasons: Mapping[str, str] = {}
