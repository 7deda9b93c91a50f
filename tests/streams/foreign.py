"""A service with a shipped profile of foreign metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.models import model_of

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service, Site


def foreign(folder: Path, job: str, profile: str, labels: str) -> tuple[Service, Site]:
    """Resolve the only service in ``folder``; ``labels`` is what its spec says of them."""
    (folder / "services").mkdir()
    text = f"service: mine\nprofile: {profile}\nowner: t\nselector: {{job: {job}}}\nlabels: {labels}\n"
    (folder / "services" / "mine.yaml").write_text(text, encoding="utf-8")
    model = model_of(folder)
    return model.services[0], model.site
