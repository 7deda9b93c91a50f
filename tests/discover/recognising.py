"""Recognising services in an exposition as ``init`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.audit.exposition import fetch_file, parse_exposition
from generator.commands.init import site_text
from generator.discover.places import InExposition
from generator.discover.recognise import Match, candidates, recognise

if TYPE_CHECKING:
    from pathlib import Path


def recognised(folder: Path, exposed: str, only: str = "") -> tuple[Match, ...]:
    """Recognise what an exposition has, by the profiles of ``folder`` and the shipped ones, or by ``only`` one."""
    file = folder / "exposed.prom"
    file.write_text(exposed, encoding="utf-8")
    place = InExposition(parse_exposition(fetch_file(file)), "one")
    return recognise(place, candidates(folder, site_text(None)), only)
