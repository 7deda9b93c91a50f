"""The differences of a dashboard in Grafana from the generated one, path by path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from generator.diagnostics.printable import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The keys at the top of a dashboard that Grafana itself counts.
GRAFANAS_OWN = frozenset({"id", "version", "iteration", "gnetId"})

_SHOWN = 40
_NOTHING = object()


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a line for each path at which Grafana's dashboard would change, none when both are the same.

    ``panels[2].title: "Runs" -> "Finished runs"``. A null key counts as absent.
    """
    return tuple(_walk(_own(theirs), _own(ours), ""))


def _own(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in dashboard.items() if key not in GRAFANAS_OWN}


def _walk(old: Any, new: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _walk(_get(old, key), _get(new, key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            yield from _walk(_at(old, at), _at(new, at), f"{path}[{at}]")
    elif not _equal(old, new):
        yield f"{printable(path)}: {_change(old, new)}"


def _get(mapping: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    value = mapping.get(key)
    return _NOTHING if value is None else value


def _at(values: list[Any], at: int) -> Any:  # noqa: ANN401
    return values[at] if at < len(values) else _NOTHING


def _equal(old: object, new: object) -> bool:
    """In Python ``True`` equals 1; in Grafana it does not."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _change(old: object, new: object) -> str:
    if old is _NOTHING:
        return "added"
    return "removed" if new is _NOTHING else f"{_brief(old)} -> {_brief(new)}"


def _brief(value: object) -> str:
    if isinstance(value, dict | list):
        return "{...}" if isinstance(value, dict) else "[...]"
    return printable(shortened(json.dumps(value, ensure_ascii=False), _SHOWN))
