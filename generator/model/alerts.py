"""Alerts as meant: thresholds resolved to base units, tiers that can fire only."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from generator.model import names
from generator.model.labels import Label
from generator.model.streams import Stream
from generator.model.units import DAY, HOUR, duration

#: Seconds that releases are compared over: both while they live side by side, else the newest one against so much of
#: the previous one; and the newest one's first against the previous one's last, which show what the release did.
NEWEST_WINDOW = 6 * HOUR
PREVIOUS_WINDOW = DAY
STEP_WINDOW = HOUR

#: Seconds over which values outside a label's bounds are counted: a stray one is soon forgotten.
OUTSIDE_WINDOW = HOUR


#: The numbers of an alert, by which constants and records tell them apart.
BOUND, BEYOND, MIN_EVENTS, MIN_BAD_EVENTS = "bound", "beyond", "min_events", "min_bad_events"
#: At the end of a number that stands on the objective: so many times that, or so much on top.
FACTOR, OFFSET = "_factor", "_offset"


#: How many times as long as its shortest time an alert on promised traffic looks back, up to a day.
_LONGER = (2, 4, 12, 48)
#: Of fewer promised runs silence says nothing; of so many, half of them does.
FEWEST_PROMISED, MANY_PROMISED = 10, 40


class AlertSeverity(StrEnum):
    """The severities of alert labels."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Burn(Struct, frozen=True):
    """A pace of spending the error budget, ``factor`` times the even one, in a long and in a short window."""

    factor: float
    long: int
    short: int


def pace_part(burn: Burn) -> str:
    """Name the number that says how fast a budget is spent in these windows."""
    return f"pace_{duration(burn.long)}_{duration(burn.short)}"


class Bound(Struct, frozen=True):
    """A bound as its author wrote it: an amount, or ``factor`` times the objective, and ``amount`` on top.

    Attributes:
        amount: In the signal's base unit; percentage points as a difference of shares.
        factor: How many times the objective; None where the bound does not stand on it.
        words: For people, with # where the resulting amount stands: ``#, 2x the objective``.
    """

    amount: float
    factor: float | None
    words: str

    def of(self, objective: float) -> float:
        """Resolve it against an objective."""
        return round(self.amount + (self.factor or 0) * objective, 9)


class Tier(Struct, frozen=True):
    """A severity and the bound beyond which it applies, in the signal's base unit; ``text`` is for people.

    A burn rate has its paces in ``burns`` instead, any of which is enough. ``written`` is the bound as its author
    wrote it, where there is one.
    """

    severity: AlertSeverity
    bound: float
    text: str
    burns: tuple[Burn, ...] = ()
    written: Bound | None = None


class Threshold(Struct, frozen=True, tag=True):
    """The signal is beyond the bound.

    ``unfinished`` also fires when the numerator grows beyond what the bound allows while no run finishes at all.
    ``also_over`` also fires on so many seconds, where events are too rare for the signal's own window; 0 does not.
    """

    unfinished: bool = False
    also_over: int = 0

    @property
    def lately(self) -> int:
        """Seconds at the end of ``also_over`` in which it must still be seen."""
        return self.also_over // 2


class Change(Struct, frozen=True, tag=True):
    """The signal is worse than ``over`` seconds ago by the bound.

    ``relative`` bounds are a part of the earlier value, others a difference. ``beyond`` is what the signal itself
    must be beyond as well, in base units, so that a change among good values stays quiet.
    """

    over: int
    relative: bool
    beyond: float | None
    beyond_written: Bound | None = None


class Regression(Struct, frozen=True, tag=True):
    """The newest release is worse than the previous one by the bound; ``relative`` as in Change."""

    relative: bool


class BurnRate(Struct, frozen=True, tag=True):
    """The error budget, ``budget`` as a share of all events, is spent faster than its window allows.

    ``interval`` is the rule interval in seconds: how often a window holds a sample.
    """

    budget: float
    interval: int


class Overflow(Struct, frozen=True, tag=True):
    """More than the bound's share of observations lie beyond the last bucket, where quantiles see nothing."""


class Forecast(Struct, frozen=True, tag=True):
    """The day that the current pace comes to exceeds the bound."""


class Fall(Struct, frozen=True, tag=True):
    """A count is far below what it was an hour ago, and at this time yesterday; the bound is a part of these."""


class Unpriced(Struct, frozen=True, tag=True):
    """Tokens are used that have no price."""


class Absence(Struct, frozen=True, tag=True):
    """``stream`` has no series while it should: runs finish, or for the run counter it was there within a day."""

    stream: Stream
    runs: str


class Idle(Struct, frozen=True, tag=True):
    """Fewer runs finish than half of what the service promises, within ``over`` seconds or longer times."""

    over: int

    @property
    def windows(self) -> tuple[int, ...]:
        """List the times that may be looked back over, the shortest first: which of them, follows from the promise."""
        longer = (min(self.over * times, DAY) for times in _LONGER if self.over < DAY)
        return tuple(dict.fromkeys((self.over, *longer)))


class Undeclared(Struct, frozen=True, tag=True):
    """``label`` of ``stream`` has values that the spec does not list, or more of them than it allows."""

    stream: Stream
    label: Label


class Outside(Struct, frozen=True, tag=True):
    """Generated instrumentation met values that the spec does not allow: ``stream`` counts them, by ``label``."""

    stream: Stream
    label: Label


class SeriesCount(Struct, frozen=True, tag=True):
    """The service has more live series than ``allowed``."""

    allowed: int


class Watch(StrEnum):
    """What of the rules' own health an alert watches."""

    CONSTANTS = "constants"
    OWNERS = "owners"
    FAILURES = "failures"
    ROUNDS = "rounds"


class RuleHealth(Struct, frozen=True, tag=True):
    """The rules themselves do not work, so that silence and green would say nothing."""

    watch: Watch


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
        name: As fixed by the profile, such as ``AgentSuccessRateLow``.
        kind: What is compared with what.
        signal: The name of the signal it is about.
        by: The label that it fires for each value of; None for the whole service.
        tiers: Severities and bounds, the most severe first.
        for_: Seconds that the condition must hold.
        keep_firing_for: Seconds that it goes on firing after the condition ended.
        min_events: Fewest events in the window on which a value says anything.
        min_bad_events: Fewest bad events in the window; for changes, more than the other side predicts.
        summary: One sentence without templates.
        means: What it means and what usually causes it, for runbooks.
        shared: Of the library, so that one rule watches all services.
        only: The value of ``by`` that it is about; empty for each value.
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
        """Whether it tells the signal's own state, and so belongs to its status on the board."""
        return not isinstance(self.kind, Undeclared | Outside | SeriesCount | RuleHealth)

    @property
    def shown(self) -> bool:
        """Whether it is about a signal's value, which then stands beside its status."""
        return self.about_signal and not isinstance(self.kind, Absence)

    @property
    def about(self) -> str:
        """Name the stream or label that tells alerts of one name apart; empty where there is only one."""
        match self.kind:
            case Absence(stream):
                return stream.name
            case Undeclared(_, label):
                return label.name
            case Outside():
                return names.OUTSIDE
            case RuleHealth(watch):
                return str(watch)
            case _:
                return self.only

    @property
    def of_release(self) -> bool:
        """Whether its label ``release`` says which one it is about."""
        return self.by == names.RELEASE or isinstance(self.kind, Regression)


def has_mildest(alert: Alert) -> bool:
    """Whether chance is judged by another tier's bound: of several, where single events are bad whatever the bound."""
    return isinstance(alert.kind, Threshold) and bool(alert.kind.also_over) and len(alert.tiers) > 1
