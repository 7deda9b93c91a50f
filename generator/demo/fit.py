"""The services that the demo can show: others measure them, or a module with the methods of the profile agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.instrumentation.roles import roles
from generator.model import names
from generator.streams.roles import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Service


def unfit(service: Service) -> str:
    """Return the reason why a service cannot be shown; empty when it can."""
    return next(_lacks(service), "")


def _lacks(service: Service) -> Iterator[str]:
    if not service.emitted_here:
        return  # the demo exposes what their source would
    found = roles(service)
    for what, block, labels in (
        ("runs", found.run, 0),
        ("tool calls", found.tool, 1),
        ("LLM steps", found.llm, 1),
    ):
        if block is None:
            yield f"it measures no {what}"
        elif len(block.given) != labels:
            yield f"its {what} are told apart by {' and '.join(block.given) or 'nothing'}"
    if found.constant != (names.RELEASE,):
        yield f"its runs have {' and '.join(found.constant) or 'nothing'} for a release"
    if not (found.run and found.run.cause):
        yield "its runs do not say why they ended"
    if not (found.llm and Event.TOKENS in {fed.role.event for fed in found.llm.metrics}):
        yield "it counts no tokens"
