"""Signals of the library that a profile does not measure, though an objective or an alert of its own is about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.registry import BY_KEY
from generator.diagnostics import Note
from generator.resolve.signals import lack
from generator.spec.types import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.diagnostics import Span
    from generator.model.signals import Signal
    from generator.resolve.signals import Lack
    from generator.signals.draft import SignalScope
    from generator.spec.types import ProfileSpec, ServiceSpec, SignalsSpec, Text


def check_measured(
    library: SignalsSpec | None,
    profile: ProfileSpec,
    service: ServiceSpec,
    signals: Mapping[str, Signal],
    scope: SignalScope,
) -> None:
    """Report the stream or the label for want of which a signal in use is not measured, if nothing else is wrong."""
    if scope.findings.failed:
        return
    shared = {entry.key.value: entry.value for entry in (library.signals if library else ())}
    # The profile's place goes before that of its service.
    asked_for = {asked.value: asked for source in (service, profile) for asked in _asked_for(source)}
    for name, asked in asked_for.items():
        if name not in signals and name in shared and (missing := lack(shared[name], scope)):
            _report(asked, missing, profile, scope)


def _asked_for(source: ProfileSpec | ServiceSpec) -> Iterator[Text]:
    """List the signals of objectives and alerts."""
    yield from (entry.key for entry in source.objectives)
    for entry in source.alerts:
        bodies = filter(None, (getattr(entry.value, key) for key in BY_KEY))
        yield from (body.signal for body in bodies if body.signal)


def _report(asked: Text, missing: Lack, profile: ProfileSpec, scope: SignalScope) -> None:
    why = (
        f'{missing.metric} has no label "{missing.label}"'
        if missing.label
        else f"nothing feeds {missing.stream}"
    )
    place = _place(asked, missing, profile)
    scope.findings.error(
        "reference/unknown-signal",
        f'profile "{profile.profile.value}" does not measure {asked.value}: {why}',
        place,
        _way_out(missing, profile),
        *((Note(f"{asked.value} is asked for here", asked.span),) if place != asked.span else ()),
    )


def _way_out(missing: Lack, profile: ProfileSpec) -> str:
    if not missing.label:
        return f"feed it, under streams of the profile: {missing.stream}: {{of: <its metric>}}"
    if any(entry.key.value == missing.metric for entry in profile.metrics):
        return f"add {missing.label} to the labels of {missing.metric}"
    if profile.emitted == ELSEWHERE:
        return f"let the stream {missing.stream} read it: labels: {{{missing.label}: <its name there>}}"
    return f"declare {missing.metric} under metrics of the profile, with the label {missing.label}"


def _place(asked: Text, missing: Lack, profile: ProfileSpec) -> Span:
    """Point at the change of an extending profile, where the base asks for the signal."""
    own = profile.profile.span
    changes = [entry.key.span for entry in profile.metrics if entry.key.value == missing.metric]
    changes += [entry.key.span for entry in profile.streams if entry.key.value == missing.stream]
    if asked.span.file == own.file or not any(span.file == own.file for span in changes):
        return asked.span
    return next(span for span in changes if span.file == own.file)
