"""The event that feeds each metric of a service: that of its stream, or for one of its own one by its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.streams import MODEL
from generator.streams.roles import Amount, Event, Role, role

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Service
    from generator.model.streams import Stream


class Part(Struct, frozen=True):
    """A metric and what feeds it."""

    metric: Metric
    role: Role


def parts(service: Service) -> tuple[Part, ...]:
    """Give every metric of a service that counts its part, in the service's order."""
    counting = (one for one in service.streams.values() if not one.is_gauge)
    return tuple(Part(service.metrics[one.metric], role(one) or _own(one)) for one in counting)


def _own(stream: Stream) -> Role:
    """Feed an own metric with calls of a model, or with runs, by its labels."""
    event = Event.LLM_CALL if MODEL in stream.labels else Event.RUN
    return Role(event, Amount.SECONDS if stream.unit == "s" else Amount.ONE)
