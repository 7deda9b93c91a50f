"""The instrumentation module of each service, from templates."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator import templates
from generator.artifact import Artifact
from generator.instrumentation import dictionary, view
from generator.instrumentation.events import Block, Blocks, blocks_of
from generator.model import names, tokens
from generator.model.outside import outside_values
from generator.model.streams import MODEL, TOKEN_TYPE
from generator.model.tokens import SERVED
from generator.streams.roles import reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment

    from generator.model.service import Service, Site

#: The parts of a module, in its order.
_PARTS = (
    "values.j2",
    "read.j2",
    "errors.j2",
    "reasons.j2",
    "usage.j2",
    "series.j2",
    "blocks.j2",
    "run.j2",
    "block.j2",
    "streams.j2",
    "metrics.j2",
)
_WIDTH = 100
#: Whole modules, then names by module; in the order of the file.
_MODULES = ("functools", "inspect", "logging", "sys")
_NAMES = {
    "collections": ("deque",),
    "contextlib": ("suppress",),
    "contextvars": ("ContextVar",),
    "difflib": ("get_close_matches",),
    "io": ("IOBase",),
    "itertools": ("product",),
    "math": ("inf",),
    "threading": ("RLock", "get_ident"),
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
    "weakref": ("WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "ref"),
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
    "types": ("FrameType", "TracebackType"),
    "typing": ("Self",),
}
_CLIENT_FOR_TYPES: dict[str, tuple[str, ...]] = {"prometheus_client": ("Metric",)}
#: A space for each character between words.
_BETWEEN = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "_"}
_ABOVE = re.compile(r"(?P<model>.+)@above_(?P<thousands>[0-9]+)k")


def instrumentation(service: Service, site: Site) -> Artifact:
    """Write the module of a service."""
    context = _context(service, site)
    head, *parts = (_rendered(part, context) for part in ("docstring.j2", *_PARTS))
    body = "\n\n\n".join(filter(None, parts))
    text = f"{head}\n\nfrom __future__ import annotations\n\n{_imports(body)}\n\n{body}\n"
    return Artifact(names.instrumentation_path(service.name), text)


def adapters(service: Service, site: Site) -> tuple[Artifact, ...]:
    """Write the files that instrument the frameworks of a service with its module."""
    if not service.adapters:
        return ()
    context = _context(service, site)
    texts = {one: _rendered(f"adapters/{one}.j2", context) for one in service.adapters}
    return tuple(Artifact(names.adapter_path(service.name, one), f"{text}\n") for one, text in texts.items())


def _rendered(template: str, context: dict[str, Any]) -> str:
    return _environment().get_template(template).render(context).strip("\n")


@cache
def _environment() -> Environment:
    """Make templates of Python, with marks that are not Python syntax.

    Texts of a spec go through ``literal`` in code, ``shown`` or ``docstring`` in a docstring.
    """
    environment = templates.template_environment(
        Path(__file__).parent / "templates",
        autoescape=False,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters["docstring"] = view.docstring
    environment.filters["literal"] = view.python_literal
    environment.filters["shown"] = view.docstring_literal
    environment.filters["number"] = view.python_number
    environment.filters["wrapped"] = view.wrapped
    return environment


def _context(service: Service, site: Site) -> dict[str, Any]:
    blocks = blocks_of(service)
    named = view.names_of(service, blocks)
    of_run = blocks.run.given if blocks.run else ()
    run = _block(blocks.run, named)
    tool, llm = (_block(block, named, of_run) for block in (blocks.tool, blocks.llm))
    constant = tuple(named.labels[label] for label in blocks.constant)
    metric, label = outside_values(service.metrics.values())
    return {
        "service": service.name,
        "module": names.instrumentation_path(service.name).rpartition("/")[2].removesuffix(".py"),
        "class_name": f"{view.class_name(service.name)}Metrics",
        "outside": {"metric": metric, "label": label},
        "created_series": site.created_series,
        "labels": tuple(named.labels.values()),
        "constant": constant,
        "metrics": tuple(named.metrics.values()),
        "gauges": any(metric.is_gauge for metric in service.metrics.values()),
        "determined": named.determined,
        "run": run,
        "tool": tool,
        "llm": llm,
        "methods": view.methods(blocks.plain, named),
        **_words(service, run),
        **_errors(tool, llm),
        **_tokens(service, blocks, named),
    }


def _block(
    block: Block | None, named: view.ModuleNames, of_run: tuple[str, ...] = ()
) -> view.BlockView | None:
    return view.block_view(block, named, of_run) if block else None


def _words(service: Service, run: view.BlockView | None) -> dict[str, Any]:
    """Choose a module's data about why runs end."""
    causes = reasons(service)
    if not (run and run.cause and causes):
        return {"reasons": None, "limit": ""}
    listed = run.cause.values
    other_fails = service.labels[run.cause.name].determined.get("other") == run.bad
    consequence = ": its run counts as failed" if other_fails else ""
    return {
        "reasons": causes,
        "other_fails": other_fails,
        "reason_advice": f"{consequence}; stop_from() reads the words of providers and SDKs",
        "reason_words": dictionary.rows(dictionary.REASON_WORDS, listed),
        "reason_errors": dictionary.rows(dictionary.REASON_ERRORS, listed),
        "limit": causes.limit,
    }


def _errors(tool: view.BlockView | None, llm: view.BlockView | None) -> dict[str, Any]:
    """Choose the dictionary of errors; tools and models share a label of them, or the tools' label is used."""
    label = next((block.cause for block in (tool, llm) if block and block.cause), None)
    if label is None:
        return {"error": None}
    return {
        "error": label,
        "error_names": dictionary.rows(dictionary.ERROR_NAMES, label.values),
        "error_codes": dictionary.rows(dictionary.ERROR_CODES, label.values),
        "error_statuses": dictionary.http_statuses(label.values),
        "error_otherwise": _or_other(label, "other"),
        "tool_otherwise": _or_other(label, "tool_error"),
        "rereads": {"tool_validation", "invalid_response"} <= {*label.values},
    }


def _or_other(label: view.LabelView, wanted: str) -> str:
    if not label.values or wanted in label.values:
        return wanted
    return "other" if "other" in label.values else label.values[-1]


def _tokens(service: Service, blocks: Blocks, named: view.ModuleNames) -> dict[str, Any]:
    """Choose the types of tokens, and those that each model's prompt and completion tokens include."""
    token_type = named.labels.get(TOKEN_TYPE)
    if blocks.llm is None or token_type is None:
        return {"token_type": None}
    included: dict[str, dict[str, tuple[str, ...]]] = {price.model: {} for price in service.prices}
    for inclusion in service.inclusions:
        for model in inclusion.models:
            included[model][inclusion.token_type] = inclusion.included
    return {
        "token_type": token_type,
        "token_kinds": tuple(tokens.types_by_kind(token_type.values).items()),
        "inside": tuple((model, _closed(inner)) for model, inner in included.items()),
        "in_input": tuple((model, _in_input(inner)) for model, inner in included.items()),
        "usage_rows": dictionary.usage_rows(),
        "leading": sum(len(dictionary.USAGE_NAMES["usage"][number]) for number in ("input", "output")),
        "open_names": dictionary.word_lines(dictionary.OPEN_NAMES),
        "whole_inputs": " ".join(dictionary.WHOLE_INPUTS),
        "usage_places": dictionary.word_lines(dictionary.USAGE_PLACES),
        **_served(service.labels[MODEL].values),
    }


def _served(models: tuple[str, ...]) -> dict[str, Any]:
    """Choose the names of models with a service tier, such as ``gpt-5@batch`` and ``gpt-5@above_272k``."""
    above: dict[str, list[tuple[float, str]]] = {}
    served = []
    for name in models:
        model, _, way = name.rpartition("@")
        if size := _ABOVE.fullmatch(name):
            above.setdefault(model, []).append((1000.0 * int(size["thousands"]), name))
        elif model and way in SERVED:
            served.append((model, way, name))
    sizes = [(model, sorted(tiers, reverse=True)) for model, tiers in above.items()]
    return {"served": bool(above or served), "above": sizes, "served_as": served}


def _closed(included: dict[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    """List the types that each type includes, directly or indirectly."""
    return [(outer, tuple(dict.fromkeys(_under(outer, included)))) for outer in included]


def _under(outer: str, included: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for inner in included.get(outer, ()):
        yield inner
        yield from _under(inner, included)


def _in_input(included: dict[str, tuple[str, ...]]) -> list[str]:
    """List the kinds that a provider counts inside its input."""
    outer = next((one for one in included if tokens.kind_of(one) == "prompt"), "")
    return sorted({kind for one in _under(outer, included) if (kind := tokens.kind_of(one))})


def _imports(body: str) -> str:
    """Write the imports of ``body``: the standard library, prometheus_client, and those for types only."""
    used = {*body.translate(_BETWEEN).split(), "TYPE_CHECKING"}
    modules = [f"import {name}" for name in _MODULES if name in used]
    blocks = ["\n".join((*modules, *_lines(_NAMES, used))), "\n".join(_lines(_CLIENT, used))]
    types = ["\n".join(_lines(table, used)) for table in (_FOR_TYPES, _CLIENT_FOR_TYPES)]
    guarded = "\n\n".join(block for block in types if block)
    return "\n\n".join((*blocks, f"if TYPE_CHECKING:\n{_indented(guarded)}"))


def _lines(table: dict[str, tuple[str, ...]], used: set[str]) -> list[str]:
    imported = {module: [name for name in names if name in used] for module, names in table.items()}
    return [_line(module, names) for module, names in imported.items() if names]


def _line(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
