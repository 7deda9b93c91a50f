"""Which services can be shown: agents at work call the methods that the article's profile gives their module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.instrumentation.roles import roles
from generator.model import names
from generator.streams.roles import Event

if TYPE_CHECKING:
    from generator.model.service import Service


def unfit(service: Service) -> str:
    """Say why a service cannot be shown; empty when it can."""
    found = roles(service)
    for what, event, labels in (
        ("runs", found.run, 0),
        ("tool calls", found.tool, 1),
        ("LLM steps", found.llm, 1),
    ):
        if event is None:
            return f"it measures no {what}"
        if len(event.given) != labels:
            return f"its {what} are told apart by {' and '.join(event.given) or 'nothing'}"
    if found.constant != (names.RELEASE,):
        return f"its runs have {' and '.join(found.constant) or 'nothing'} for a release"
    if not (found.run and found.run.cause):
        return "its runs do not say why they ended"
    if not (found.llm and Event.TOKENS in {fed.role.event for fed in found.llm.metrics}):
        return "it counts no tokens"
    return ""
