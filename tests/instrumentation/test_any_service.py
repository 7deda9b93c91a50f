"""The modules of unusual specs: profiles with other names, with fewer metrics, with odd labels."""

from __future__ import annotations

import inspect
import tempfile
from itertools import cycle, islice, product
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from prometheus_client import CollectorRegistry

from generator.commands.compiling import checked
from generator.instrumentation.modules import instrumentation
from tests.instrumentation.exposition import beyond, families, misfits
from tests.instrumentation.loading import imported
from tests.whole.compiled import unhurried
from tests.whole.specs import directories
from tests.whole.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from tests.whole.specs import Directory


@settings(unhurried, max_examples=10)
@given(directories())
def test_the_module_of_any_service_keeps_to_its_spec(files: Directory) -> None:
    with tempfile.TemporaryDirectory() as name:
        model = checked(write(files, Path(name))).model
        if model is None:
            return
        for service in model.services:
            artifact = instrumentation(service, model.site)
            path = Path(name) / Path(artifact.path).name
            path.write_text(artifact.text)
            module = imported(path)
            for registry in _used(module):
                assert module._lost.cache_info().currsize == 0  # noqa: SLF001 - that nothing was
                exposed = families(registry)
                assert beyond(exposed, service, model.site) == []
                assert misfits(exposed, service) == []


def _used(module: ModuleType) -> Iterator[CollectorRegistry]:
    """Make the metrics of processes with several releases, and call all methods with known and unknown values."""
    [made] = [kind for name, kind in vars(module).items() if name.endswith("Metrics")]
    tables = (table for name, table in vars(module).items() if name.isupper() and isinstance(table, tuple))
    listed = sorted({value for table in tables for value in table if isinstance(value, str)})
    for said in (*Random(1).sample(listed, min(3, len(listed))), "made up", "another"):  # noqa: S311 - no secret
        registry = CollectorRegistry()
        metrics = made(**dict.fromkeys(_labels(made), said), registry=registry)
        for name, method in inspect.getmembers(metrics, inspect.ismethod):
            if not name.startswith("_") and name != "current_run":
                for one, other in product((said, "made up"), (said, "ok")):
                    values = islice(cycle((one, other)), len(_labels(method)))
                    _call(method, *([1] if name.startswith(("observe_", "set_")) else []), *values)
        yield registry


def _call(method: Callable[..., Any], *arguments: object) -> None:
    block = method(*arguments)
    if block is not None:
        with block:
            pass


def _labels(of: Callable[..., Any]) -> list[str]:
    """The labels to pass to a method."""
    amounts = {"registry", "amount", "seconds", "milliseconds"}
    return [name for name in inspect.signature(of).parameters if name not in amounts]
