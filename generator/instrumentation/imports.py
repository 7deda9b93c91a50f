"""The imports that a module needs, found by the names in its text."""

from __future__ import annotations

_WIDTH = 100
#: Whole modules, then names by module; in the order of the file.
_MODULES = ("functools", "inspect", "logging")
_NAMES = {
    "collections": ("deque",),
    "contextlib": ("suppress",),
    "contextvars": ("ContextVar",),
    "io": ("IOBase",),
    "itertools": ("product",),
    "math": ("inf",),
    "threading": ("RLock",),
    "time": ("perf_counter",),
    "types": ("AsyncGeneratorType", "CoroutineType", "GeneratorType", "MethodType"),
    "typing": (
        *(
            "TYPE_CHECKING",
            "Any",
            "Final",
            "Literal",
            "NamedTuple",
            "ParamSpec",
            "TypeVar",
            "cast",
        ),
        "get_args",
    ),
    "weakref": ("WeakKeyDictionary", "WeakSet", "ref"),
}
_CLIENT = {
    "prometheus_client": (
        "REGISTRY",
        "CollectorRegistry",
        "Counter",
        "Gauge",
        "Histogram",
        "disable_created_metrics",
    ),
    "prometheus_client.registry": ("Collector",),
}
_FOR_TYPES: dict[str, tuple[str, ...]] = {
    "collections.abc": (
        "AsyncGenerator",
        "Awaitable",
        "Callable",
        "Generator",
        "Iterable",
        "Iterator",
        "Mapping",
    ),
    "types": ("TracebackType",),
    "typing": ("Self",),
}
_CLIENT_FOR_TYPES: dict[str, tuple[str, ...]] = {"prometheus_client": ("Metric",)}
#: A space for each character between words.
_BETWEEN = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "_"}


def imports(body: str) -> str:
    """Write the imports of ``body``: the standard library, prometheus_client, and those for types only."""
    used = {*body.translate(_BETWEEN).split(), "TYPE_CHECKING"}
    modules = [f"import {name}" for name in _MODULES if name in used]
    blocks = ["\n".join((*modules, *_lines(_NAMES, used))), "\n".join(_lines(_CLIENT, used))]
    types = ["\n".join(_lines(table, used)) for table in (_FOR_TYPES, _CLIENT_FOR_TYPES)]
    guarded = "\n\n".join(block for block in types if block)
    return "\n\n".join((*blocks, f"if TYPE_CHECKING:\n{_indented(guarded)}"))


def _lines(table: dict[str, tuple[str, ...]], used: set[str]) -> list[str]:
    found = {module: [name for name in names if name in used] for module, names in table.items()}
    return [_line(module, names) for module, names in found.items() if names]


def _line(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
