"""Burn rates: an error budget that is spent too fast, in a long and in a short window at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition, usual
from generator.alerts.condition import AlertNumber, Ground
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.floors import check_traffic
from generator.alerts.tiers import Unreachable, report_unreachable, written_bounds
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, AlertSeverity, Burn, BurnRate, Tier
from generator.model.signals import Share
from generator.model.units import DAY, HOUR, Unit, duration, human, plain
from generator.notation.times import MONTH, burns, scaled
from generator.promql.expr import Expr, all_of, any_of, call, number
from generator.streams.scope import join, largest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.guide import Guide
    from generator.model.service import Service
    from generator.model.signals import Signal
    from generator.spec.types import Text

#: The time over which the last short window with events is looked for, in seconds.
_LOOK_BACK = 6 * HOUR

KEY, KIND = "burn_rate", BurnRate
FLOORS: tuple[str, ...] = (MIN_BAD_EVENTS,)
GUIDE: Guide | None = None
records, labels, variant_parts = usual.records, usual.labels, usual.variant_parts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Take the error budget from the objective; without an objective over a window there is no budget."""
    about = about_signal(draft)
    if about is None:
        return
    signal, objective = about.signal, about.objective
    if not isinstance(signal.kind, Share):
        about.fits("a share", fits=False)
        return
    if objective is None or objective.window is None:
        why = "no objective" if objective is None else "an objective without a window"
        about.scope.off(about.entry.key, about.body.signal, signal, why, window="30d")
        return
    kind = BurnRate(signal.kind.budget(objective.bound), about.scope.site.rule_interval)
    tiers = tuple(_tiers(about, kind.budget, objective.window))
    if tiers:
        longest = max(burn.long for tier in tiers for burn in tier.burns)
        check_traffic(about, FLOORS, longest)
        yield about.resolved(kind, tiers, longest)


def _tiers(about: SignalDraft, budget: float, window: int) -> Iterator[Tier]:
    """Keep the paces that can be reached: even a total outage burns a budget of 10% only ten times too fast."""
    for severity, text in written_bounds(about):
        paces = burns(text, about.scope.site, about.findings)
        if not about.scope.is_own(text):
            written, paces = paces, scaled(paces, window, about.scope.site)
            if paces != written:
                _check_retention(written, paces, window, about)
        beyond = {burn: why for burn in paces if (why := _beyond_budget(burn, budget, window))}
        reachable = tuple(burn for burn in paces if burn not in beyond)
        _report(text, severity, beyond, about, partly=bool(reachable))
        if reachable:
            yield Tier(severity, 0, " or ".join(map(_pace_text, reachable)), reachable)


def _report(
    text: Text,
    severity: AlertSeverity,
    beyond: Mapping[Burn, tuple[str, str]],
    about: SignalDraft,
    *,
    partly: bool,
) -> None:
    """Report the paces that no budget burns at; ``partly`` is whether the severity has others."""
    for burn, (why, help_) in beyond.items():
        left = f" at {plain(burn.factor)}x" if partly else ""
        report_unreachable(text, Unreachable(f"{severity}{left}", why, help_), about)


def _check_retention(
    written: tuple[Burn, ...], paces: tuple[Burn, ...], window: int, about: SignalDraft
) -> None:
    """Refuse a window for which alerts would look back further than Prometheus keeps samples."""
    retention = about.scope.site.retention
    longest = max((burn.long for burn in paces), default=0)
    if longest > retention:
        of_month = max(burn.long for burn in written)
        most = duration(retention * MONTH // of_month // DAY * DAY)
        about.findings.error(
            "objective/retention",
            f"of a budget of {duration(window)} {about.name} reads the last {duration(longest)}, and "
            f"Prometheus keeps {duration(retention)}",
            about.scope.windows.get(about.signal.name, about.entry.key).span,
            f"promise over at most {most}, or keep more and say so in site.yaml: retention: {duration(longest)}",
        )


def _beyond_budget(burn: Burn, budget: float, window: int) -> tuple[str, str] | None:
    """Return the reason why a budget is never spent at a pace, and the way out; None if it can be."""
    if burn.factor * budget >= 1:
        why = f"with a budget of {human(budget, Unit.RATIO)} nothing burns as fast as {plain(burn.factor)}x"
        return why, f"choose paces below {plain(round(1 / budget, 3))}x"
    if burn.long > window:
        why = f"the budget is one of {duration(window)}, and {duration(burn.long)} is longer"
        return why, f"look back over {duration(window)} at most, or promise for longer"
    return None


def panel(alert: Alert, _kind: BurnRate) -> str:
    """Link the burn rate."""
    return f"{alert.signal}:burn"


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
    return condition.with_floors(f"{budget} burns at {paces}", alert, "bad events")


def _pace_text(burn: Burn) -> str:
    return f"{plain(burn.factor)}x in {duration(burn.long)} and {duration(burn.short)}"
