"""The shipped profiles side by side, as a table in Markdown: signal by profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Findings
from generator.model.service import RUN
from generator.resolve.model import resolve_common
from generator.resolve.profile import Measured, resolve_measured
from generator.spec.load import load_shared
from generator.spec.sources import shipped_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.spec.types import ProfileSpec

_SEGMENTS = ("release", "model", "tool", "stop_reason")
_HEAD = """\
### Profiles that ship

`init --profile <name>` writes a first service of one. Its file says how its source is set up, and why it lacks some
signals. A signal that a profile does not measure is on no board, in no alert, and "not measured" in the checklist.

"""


def side_by_side() -> str:
    """Write the table."""
    shared = load_shared(shipped_sources()).specs
    if shared is None:
        return ""
    common, _ = resolve_common(shared)
    profiles = sorted(common.profiles.items())
    by_name = {name: resolve_measured(spec, common.base, Findings()) for name, spec in profiles}
    rows = [
        _row("", (f"`{name}`" for name, _ in profiles)),
        _row("---", ("---" for _ in profiles)),
        _row("a run is a", (spec.run or RUN for _, spec in profiles)),
        _row("exposed by", (_emitter(spec) for _, spec in profiles)),
        *(_row(f"`{name}`", map(_has(name), by_name.values())) for name in common.base.library.signals),
        _row("cost comes from", map(_cost, by_name.values())),
        *(_row(f"by `{label}`", map(_has_label(label), by_name.values())) for label in _SEGMENTS),
    ]
    return _HEAD + "".join(rows)


def _emitter(profile: ProfileSpec) -> str:
    return "the source" if profile.emitted else "our module"


def _has(signal: str) -> Callable[[Measured], str]:
    return lambda one: "yes" if signal in one.signals else ""


def _cost(one: Measured) -> str:
    if "cost" in one.streams:
        return "the source"
    return "tokens and prices" if "token_usage" in one.streams else ""


def _has_label(label: str) -> Callable[[Measured], str]:
    return lambda one: "yes" if any(label in stream.labels for stream in one.streams.values()) else ""


def _row(first: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join((first, *cells))} |\n"
