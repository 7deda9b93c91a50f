"""The generated module of a service, imported as the service would import it."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from generator.instrumentation.modules import instrumentation
from generator.instrumentation.python import class_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.model.service import Service, Site


@contextmanager
def imported(service: Service, site: Site, directory: Path) -> Iterator[type[Any]]:
    """Write the module into a directory and yield its class, as long as the block lasts."""
    artifact = instrumentation(service, site)
    path = directory / artifact.path.rpartition("/")[2]
    path.write_text(artifact.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # noqa: S101 - a file that ends in .py has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        yield getattr(module, f"{class_name(service.name)}Metrics")
    finally:
        sys.modules.pop(path.stem, None)
