"""The differences between two models, for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.changes.compare import KINDS, Changes, ModelChange
from generator.diagnostics.printable import printable
from generator.markdown import code, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


#: Above this number, services are only counted.
_NAMED = 5
_NOTHING = "Nothing changes: the same alerts, objectives, series and dashboards."


def as_text(changes: Changes, revision: str) -> str:
    """Write the changes for a terminal."""
    # A text of a spec may have several lines.
    return "\n".join(map(printable, _lines(changes, revision))) + "\n"


def _lines(changes: Changes, revision: str) -> Iterator[str]:
    yield f"specs since {revision}"
    if not changes:
        yield f"  {_NOTHING}"
        return
    yield from (f"  + service {name} ({count:,} series)" for name, count in changes.added.items())
    yield from (f"  - service {name} ({count:,} series)" for name, count in changes.gone.items())
    for kind in KINDS:
        of_kind = {change: names for change, names in changes.found.items() if change.kind == kind}
        if of_kind:
            yield kind
        for change, names in of_kind.items():
            yield from _change(change, names)
    yield from _costs(changes)


def _change(change: ModelChange, services: Sequence[str]) -> Iterator[str]:
    sign = "~" if change.before and change.after else "+" if change.after else "-"
    of = f"  ({_named(services)})" if services else ""
    yield f"  {sign} {change.subject}{of}"
    yield from (f"      was: {change.before}",) if change.before else ()
    yield from (f"      now: {change.after}",) if change.after else ()


def _costs(changes: Changes) -> Iterator[str]:
    if changes.series or changes.total[0] != changes.total[1]:
        yield "Series at once"
        yield from (f"  ~ {name}: {_moved(counts)}" for name, counts in changes.series.items())
        yield f"  = all: {_moved(changes.total)}"
    if changes.dashboards:
        yield "Dashboards that look different"
        yield f"  ~ {', '.join(changes.dashboards)}"


def as_markdown(changes: Changes, revision: str) -> str:
    """Write the changes for a pull request."""
    return "\n".join(_markdown(changes, revision)) + "\n"


def _markdown(changes: Changes, revision: str) -> Iterator[str]:
    yield f"### Agent metrics since {code(revision)}"
    yield ""
    if not changes:
        yield _NOTHING
        return
    yield from (f"- new service {code(name)} with {count:,} series" for name, count in changes.added.items())
    yield from (
        f"- service {code(name)} is gone, with {count:,} series" for name, count in changes.gone.items()
    )
    if changes.found:
        if changes.added or changes.gone:
            yield ""
        yield from ("| | what | was | now | services |", "|---|---|---|---|---|")
        yield from (_row(change, names) for change, names in changes.found.items())
    yield ""
    yield f"Series at once: {_moved(changes.total)}."
    yield from (f"- {code(name)}: {_moved(counts)}" for name, counts in changes.series.items())
    if changes.dashboards:
        yield ""
        yield f"Dashboards that look different: {', '.join(map(code, changes.dashboards))}."


def _row(change: ModelChange, services: Sequence[str]) -> str:
    cells = (text(change.before) or "new", text(change.after) or "gone", text(_named(services)) or "site")
    return f"| {change.kind} | {text(change.subject)} | {' | '.join(cells)} |"


def _named(services: Sequence[str]) -> str:
    more = len(services) - _NAMED
    return ", ".join(services[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _moved(counts: tuple[int, int]) -> str:
    before, after = counts
    if before == after:
        return f"{after:,}, as before"
    return f"{before:,} -> {after:,} ({after - before:+,})"
