"""The reference in Markdown: all keys of the specs, and the shipped profiles side by side, signal by profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Findings
from generator.model.names import RELEASE
from generator.model.service import RUN
from generator.model.streams import MODEL, STOP_REASON, TOOL
from generator.resolve.model import resolve_common
from generator.resolve.profile import ProfileSignals, resolve_profile_signals
from generator.spec.load import load_shared
from generator.spec.reference import Key, KeySection, sections
from generator.spec.sources import shipped_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.spec.types import ProfileSpec

_SEGMENTS = (RELEASE, MODEL, TOOL, STOP_REASON)
_HEAD = """\
### Profiles that ship

`init --profile <name>` writes a first service of one. Its file says how its source is set up, and why it lacks some
signals. A signal that a profile does not measure is on no board, in no alert, and "not measured" in the checklist.

"""


def reference() -> str:
    """Write it all."""
    return "\n".join((*map(_page, sections()), _side_by_side()))


def _page(section: KeySection) -> str:
    """Write the keys of a section as a table in Markdown."""
    places = "\n".join(f"- `{place}`" for place in section.places)
    head = f"### {section.title}\n\n{section.meaning}\n\n{places}\n\n"
    return (
        head
        + "| key | type | if missing | example | meaning |\n|---|---|---|---|---|\n"
        + "".join(map(_key_row, section.keys))
    )


def _key_row(key: Key) -> str:
    absent = "**required**" if key.required else key.absent
    example = f"`{key.example}`" if key.example else ""
    cells = (f"`{key.path}`", key.type, absent, example, key.meaning)
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _side_by_side() -> str:
    """Write the table of the profiles."""
    shared = load_shared(shipped_sources()).specs
    if shared is None:
        return ""
    common, _ = resolve_common(shared)
    profiles = sorted(common.profiles.items())
    by_name = {name: resolve_profile_signals(spec, common.base, Findings()) for name, spec in profiles}
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


def _has(signal: str) -> Callable[[ProfileSignals], str]:
    return lambda one: "yes" if signal in one.signals else ""


def _cost(one: ProfileSignals) -> str:
    if "cost" in one.streams:
        return "the source"
    return "tokens and prices" if "token_usage" in one.streams else ""


def _has_label(label: str) -> Callable[[ProfileSignals], str]:
    return lambda one: "yes" if any(label in stream.labels for stream in one.streams.values()) else ""


def _row(first: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join((first, *cells))} |\n"
