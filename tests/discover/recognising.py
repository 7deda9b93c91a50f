"""Recognising services in an exposition, and drafting a profile for it, as ``init`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.audit.exposition import Fetched, parse_exposition
from generator.commands.init import site_text
from generator.discover.places import InExposition
from generator.discover.profile_draft import ProfileDraft, drafted
from generator.discover.recognise import Candidates, Match, candidates, recognise

if TYPE_CHECKING:
    from pathlib import Path


def place_of(exposed: str, job: str = "one") -> InExposition:
    """The place of an exposition, whose scrape would be a job."""
    return InExposition(parse_exposition(Fetched("a test", exposed)), job)


def recognised(folder: Path, exposed: str, only: str = "") -> tuple[Match, ...]:
    """Recognise what an exposition has, by the profiles of ``folder`` and the shipped ones, or by ``only`` one."""
    return recognise(place_of(exposed), candidates(folder, site_text(None)), only)


def draft_of(place: InExposition, known: Candidates) -> ProfileDraft:
    """Draft a profile for an exposition, with the name of its job."""
    source = place.source(known.draft("agent", {"job": place.job}))
    draft = drafted(source, known.library.streams, place.job, "a test")
    assert draft is not None
    return draft
