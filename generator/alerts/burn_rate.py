"""Burn rates: an error budget that is spent too fast, in a long and in a short window at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition
from generator.alerts.condition import AlertNumber, Ground
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, Burn, BurnRate, Tier
from generator.model.units import HOUR, Unit, duration, human, plain
from generator.promql.expr import Expr, all_of, any_of, call, number
from generator.streams.scope import join, largest

if TYPE_CHECKING:
    from generator.model.service import Service
    from generator.model.signals import Signal

#: The time over which the last short window with events is looked for, in seconds.
_LOOK_BACK = 6 * HOUR


def expr(alert: Alert, kind: BurnRate, tier: Tier, ground: Ground) -> Expr:
    """Compare the share of bad events with the budget, times each pace; any pace is enough."""
    return any_of([_pace(alert, kind, tier, burn, ground) for burn in tier.burns])


def _pace(alert: Alert, kind: BurnRate, tier: Tier, burn: Burn, ground: Ground) -> Expr:
    signal, scope = ground.signal(alert), ground.scope
    bound = _bound(alert, kind, tier, burn, ground)
    long, short = (
        scope.record(names.windowed(signal, "error_ratio", window)) for window in (burn.long, burn.short)
    )
    # Where no run finishes within the short window, its last value counts.
    last = call("last_over_time", short.over(min(burn.long, _LOOK_BACK) - 1))
    bad = scope.record(names.windowed(signal, "errors", burn.long)).now()
    # Ten minutes after the first deployment, a window of three days has data of ten minutes only.
    seen = call("count_over_time", scope.record(names.events_rate(signal)).over(burn.long - 1))
    half = number(burn.long // scope.site.rule_interval // 2)
    crossed = all_of([bound.compare(">", long.now()), bound.compare(">", last), seen >= half])
    if scope.shared:
        # A budget of one day has no meaning over three days.
        promised = scope.record(names.part(signal, "objective_window")).now()
        crossed = join("and", crossed, promised >= number(burn.long))
    return condition.enough(crossed, bad, ground.floor(alert, MIN_BAD_EVENTS), ())


def _bound(alert: Alert, kind: BurnRate, tier: Tier, burn: Burn, ground: Ground) -> AlertNumber:
    """Multiply the pace with the budget, which follows from each service's objective."""
    if not ground.scope.shared:
        return AlertNumber(number(round(burn.factor * kind.budget, 9)), literal=True)
    budget = largest(ground.scope.record(budget_name(ground.signal(alert))).now())
    return AlertNumber(ground.pace(alert, tier, burn).times(budget), literal=False)


def budget_name(signal: Signal) -> str:
    """Name the error budget of each service, as a share of all events."""
    return names.part(signal, "error_budget")


def sentence(alert: Alert, kind: BurnRate, tier: Tier, ground: Ground) -> str:
    """Describe the share of bad events and the burn rate."""
    signal = ground.signal(alert)
    budget = (
        "its error budget" if ground.scope.shared else f"an error budget of {human(kind.budget, Unit.RATIO)}"
    )
    return (
        f"{condition.title_template(signal, ground)} of {condition.SERVICE}: "
        "{{ $value | humanizePercentage }} of the events "
        f"were bad, against {budget}, which burns at {pace_words(tier)}. At 1x it would last exactly its window."
        f"{_left(signal)}"
    )


def _left(signal: Signal) -> str:
    """Write the template that queries the rest of the budget; empty while it is unknown."""
    selector = f'{names.BUDGET_LEFT}{{{names.SERVICE}=%q,{names.SIGNAL}=\\"{signal.name}\\"}}'
    ask = f'{{{{ with printf "{selector}" $labels.{names.SERVICE} | query }}}}'
    share = "{{ . | first | value | humanizePercentage }}"
    left = f"{{{{ if gt (. | first | value) 0.0 }}}}{share}{{{{ else }}}}Nothing{{{{ end }}}} of it is left."
    return f"{ask} {left}{{{{ end }}}}"


def pace_words(tier: Tier) -> str:
    """List the burn rates of a tier with their windows."""
    if tier.text:
        return tier.text
    return " or ".join(
        f"{plain(burn.factor)}x over {duration(burn.long)} and {duration(burn.short)}" for burn in tier.burns
    )


def words(alert: Alert, kind: BurnRate, tier: Tier, service: Service) -> str:
    """Describe the condition for people, with the part of the budget that is spent when it becomes true."""
    objective = service.objectives[alert.signal]
    window = objective.window or 0
    paces = " or ".join(
        f"{_pace_text(burn)} ({human(round(burn.factor * burn.long / window, 3), Unit.RATIO)} of it)"
        if window
        else _pace_text(burn)
        for burn in tier.burns
    )
    budget = f"The error budget of {human(kind.budget, Unit.RATIO)} over {duration(window)}"
    return f"{budget} burns at {paces}"


def _pace_text(burn: Burn) -> str:
    return f"{plain(burn.factor)}x in {duration(burn.long)} and {duration(burn.short)}"
