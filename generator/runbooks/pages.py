"""Runbooks from a template: a page for each alert, with the first action and questions, and every service's bounds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict, replace

from generator.alerts.condition import Ground
from generator.alerts.registry import compared, dashboard_of_alert, in_words, panel_of
from generator.artifact import Artifact
from generator.markdown import markdown_environment, text
from generator.model import names
from generator.model.alerts import (
    Alert,
    AlertSeverity,
    Bound,
    Change,
    Fall,
    Overflow,
    Regression,
    Reported,
    Tier,
)
from generator.model.panels import PANELS, UNPRICED
from generator.model.service import RUN, Service, Site, worded
from generator.model.signals import Signal
from generator.model.units import Unit, duration, human, human_change, plain, points
from generator.promql.layout import layout
from generator.runbooks.guides import guide_for
from generator.streams.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.guide import Guide
    from generator.memory import Memory


#: A place for rows in the text of a page; no text of a spec contains it.
_ROWS = "\0"
#: No service owns the alerts about the rules of all.
_LIBRARY = "signals.yaml"
_OTHER_TIME = "for is the time that it must hold"


class SpecEntry(Struct, frozen=True):
    """The entry of an alert in a spec, as it may be written.

    Attributes:
        file: The file, below the directory of specs.
        keys: Pairs of a key and its present value.
        remark: The comment on the keys.
        of_all: Whether the file is the library, which all services share.
    """

    file: str
    keys: tuple[tuple[str, str], ...]
    remark: str
    of_all: bool = False


class Explained(Struct, frozen=True):
    """The content of an alert's page that is the same for all services."""

    alert: Alert
    signal: Signal
    written: SpecEntry


class AlertPage(Struct, frozen=True):
    """The content of a page besides the rows with the conditions of services; its fields are those of the template.

    Attributes:
        name: The alert.
        summary: Its summary, in the words of most services.
        means: Its meaning, in the words of most services; empty where their specs have none.
        meanings: Other meanings, each with the services that have it.
        signal: The name, the title and the description of its signal; None where it is not about one.
        run: The word for a run.
        words: Other words for it, each with the services that have it.
        guide: The first action and questions.
        query: The query of the value that it compares; empty where it compares none.
        dashboard: The dashboard that it links to.
        panel: The panel there; empty where it links only to the dashboard.
        view: What its dashboard shows of it.
        written: The way to change it.
        overview: The dashboard with the status of everything.
        grafana: The address of Grafana.
    """

    name: str
    summary: str
    means: str
    meanings: Mapping[str, Sequence[str]]
    signal: tuple[str, str, str] | None
    run: str
    words: Mapping[str, Sequence[str]]
    guide: Guide
    query: str
    dashboard: str
    panel: str
    view: str
    written: SpecEntry
    overview: str
    grafana: str


class _Wordings(Struct, frozen=True):
    """The summaries and meanings of an alert, each with the services that have it; the commonest come first."""

    summaries: Mapping[str, Sequence[str]]
    meanings: Mapping[str, Sequence[str]]


class RunbookEntry(Struct, frozen=True):
    """A service's part of the pages.

    Attributes:
        service: Its name.
        run: Its word for a run.
        rows: For each of its alerts, by name, the rows with its condition.
        alerts: The rest of the pages, by name as well; used where no earlier service has the alert.
        measured: Its signals, and the labels that they are broken down by.
    """

    service: str
    run: str
    rows: Mapping[str, str]
    alerts: Mapping[str, Explained]
    measured: tuple[str, ...]


def runbook_entry(service: Service) -> RunbookEntry:
    """Collect the pages' content about one service's alerts."""
    alerts = {alert.name: _explained(alert, service) for alert in reversed(service.alerts)}
    rows: dict[str, str] = {}
    for alert in service.alerts:
        rows[alert.name] = rows.get(alert.name, "") + _rows(alert, service)
    return RunbookEntry(service.name, service.run, rows, alerts, _measured(service))


def _measured(service: Service) -> tuple[str, ...]:
    labels = {label for signal in service.signals.values() for level in signal.levels for label in level}
    return tuple(sorted(labels.union(service.signals)))


def _explained(alert: Alert, service: Service) -> Explained:
    signal = service.signals[alert.signal]
    return Explained(alert, signal, _as_written(alert, signal, service))


def _rows(alert: Alert, service: Service) -> str:
    words = ((tier.severity, in_words(alert, tier, service)) for tier in alert.tiers)
    return "".join(f"| {service.name} | {severity} | {text(word)} |\n" for severity, word in words)


def runbooks(services: Sequence[RunbookEntry], site: Site, memory: Memory) -> tuple[Artifact, ...]:
    """Write the page of every alert that some service has.

    The first service with the alert supplies the page, except its summary and meaning: the commonest ones are used.
    """
    rows: dict[str, list[str]] = {}
    words: dict[str, dict[str, list[str]]] = {}
    wordings: dict[str, tuple[dict[str, list[str]], dict[str, list[str]]]] = {}
    alerts: dict[str, Explained] = {}
    measured: dict[str, set[str]] = {}
    for each in services:
        if each.rows.keys() - alerts.keys():
            alerts = {**each.alerts, **alerts}
        for name, own in each.rows.items():
            rows.setdefault(name, []).append(own)
            measured.setdefault(name, set()).update(each.measured)
            words.setdefault(name, {}).setdefault(each.run, []).append(each.service)
            alert, (summaries, meanings) = each.alerts[name].alert, wordings.setdefault(name, ({}, {}))
            summaries.setdefault(alert.summary, []).append(each.service)
            meanings.setdefault(alert.means, []).append(each.service)
    pages = tuple(
        _page(
            alerts[name], words[name], _Wordings(*map(_commonest_first, wordings[name])), measured[name], site
        )
        for name in sorted(rows)
    )
    texts = memory.once(tuple[str, ...], lambda: _texts(pages), "runbooks", pages)
    return tuple(
        Artifact(names.runbook_path(page.name), text.replace(_ROWS, "".join(rows[page.name])))
        for page, text in zip(pages, texts, strict=True)
    )


def _texts(pages: Sequence[AlertPage]) -> tuple[str, ...]:
    """Write pages without their rows."""
    template = markdown_environment(Path(__file__).parent).get_template("alert.md.j2")
    return tuple(
        template.render(asdict(page), its=partial(worded, run=page.run), rows=_ROWS) for page in pages
    )


def _query(explained: Explained, site: Site) -> str:
    """Write the query of the value that an alert compares, of all services; empty where it compares none."""
    alert, signal = explained.alert, explained.signal
    # Alerts of one name may be about single values of a label, each with a bound of its own.
    value = compared(replace(alert, only=""), Ground(Scope(site), {signal.name: signal}, None))
    return layout(value.text) if value else ""


def _panel(alert: Alert) -> str:
    """Name the panel that an alert links to; empty where it links only to a dashboard."""
    place = panel_of(alert)
    return place.title if place else ""


def _view(alert: Alert) -> str:
    """Describe what a reader finds where an alert links to."""
    if not alert.shown:
        return "the alerts that fire"
    return "what it is about, as a table" if panel_of(alert) == PANELS[UNPRICED] else "the signal over time"


def _commonest_first(texts: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return dict(sorted(texts.items(), key=lambda one: -len(one[1])))


def _page(
    explained: Explained,
    words: Mapping[str, Sequence[str]],
    wordings: _Wordings,
    measured: Collection[str],
    site: Site,
) -> AlertPage:
    """Collect a page; ``words`` are those for a run, ``measured`` is what any service with the alert measures."""
    alert, signal = explained.alert, explained.signal
    # One common word is written; with several the page names the services of each.
    run, *others = words
    means, *_ = wordings.meanings
    return AlertPage(
        name=alert.name,
        summary=next(iter(wordings.summaries)),
        means=means,
        meanings={text: services for text, services in wordings.meanings.items() if text and text != means},
        signal=(signal.name, signal.title, signal.description) if alert.shown else None,
        run=RUN if others else run,
        words={word: services for word, services in words.items() if others and word != RUN},
        guide=guide_for(alert, signal, measured),
        query=_query(explained, site),
        dashboard=dashboard_of_alert(alert, signal),
        panel=_panel(alert),
        view=_view(alert),
        written=explained.written,
        overview=names.DASHBOARDS["overview"],
        grafana=site.grafana_url,
    )


def _as_written(alert: Alert, signal: Signal, service: Service) -> SpecEntry:
    """Write an alert as it is now, as the file of a service may have it."""
    wait = ("for", duration(alert.for_))
    if alert.kind.reports is Reported.VALUE:
        bounds = _bounds(alert, signal)
        return SpecEntry(_file_of(service), (*bounds, wait), f"another bound; {_OTHER_TIME}")
    of_all = alert.about_rules
    file = _LIBRARY if of_all else _file_of(service)
    severities = {
        _severity(tier) for each in service.alerts if each.name == alert.name for tier in each.tiers
    }
    if len(severities) > 1:
        remark = f"{_OTHER_TIME}; severity: critical or warning makes all of them alike"
        return SpecEntry(file, (wait,), remark, of_all)
    severity = ("severity", severities.pop())
    remark = f"critical pages, warning opens a ticket; {_OTHER_TIME}"
    return SpecEntry(file, (severity, wait), remark, of_all)


def _file_of(service: Service) -> str:
    """Name the file of a service: several environments share one, and its name may be any."""
    place = service.where("")
    name = PurePosixPath(place.file.replace("\\", "/")).name if place else f"{service.system}.yaml"
    return f"services/{name}"


def _severity(tier: Tier) -> str:
    """Write a severity; an environment may allow none that a spec can write."""
    return str(AlertSeverity.WARNING if tier.severity is AlertSeverity.INFO else tier.severity)


def _bounds(alert: Alert, signal: Signal) -> Iterator[tuple[str, str]]:
    for tier in alert.tiers:
        if tier.burns:
            yield _severity(tier), ", ".join(burn.text for burn in tier.burns)
        elif tier.written:
            yield _severity(tier), _bound(tier.written, alert, signal)


def _bound(bound: Bound, alert: Alert, signal: Signal) -> str:
    if isinstance(alert.kind, Change | Regression | Fall):
        return human_change(bound.amount, signal.unit)
    if bound.factor is None:
        return _amount(bound.amount, Unit.RATIO if isinstance(alert.kind, Overflow) else signal.unit)
    objective = "objective" if bound.factor == 1 else f"{plain(bound.factor)}x objective"
    if not bound.amount:
        return objective
    shift = abs(bound.amount)
    by = points(shift) if signal.unit.changes_in_points else _amount(shift, signal.unit)
    return f"{objective} {'+' if bound.amount > 0 else '-'} {by}"


def _amount(value: float, unit: Unit) -> str:
    """Write an amount; durations in specs have no fractions."""
    if unit is not Unit.SECONDS:
        return human(value, unit)
    milliseconds = round(value * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else duration(milliseconds // 1000)
