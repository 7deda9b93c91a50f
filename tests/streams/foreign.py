"""A service with a shipped profile of foreign metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.resolve.model import resolve
from generator.spec.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service, Site


def foreign(folder: Path, job: str, profile: str, labels: str) -> tuple[Service, Site]:
    """Resolve the only service in ``folder``; ``labels`` is what its spec says of them."""
    (folder / "services").mkdir()
    text = f"service: mine\nprofile: {profile}\nowner: t\nselector: {{job: {job}}}\nlabels: {labels}\n"
    (folder / "services" / "mine.yaml").write_text(text, encoding="utf-8")
    specs = load(folder).specs
    assert specs is not None
    model = resolve(specs).value
    assert model is not None
    return model.services[0], model.site
