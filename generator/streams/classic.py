"""Services whose histograms are exposed by ourselves, as classic ones, whatever a server makes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from generator.model.service import Service
    from generator.model.streams import Stream


def as_classic(service: Service) -> Service:
    """Read the histograms of a service from their classic series."""
    streams = {name: _classic(stream) for name, stream in service.streams.items()}
    metrics = {name: replace(metric, native=False) for name, metric in service.metrics.items()}
    return replace(service, streams=streams, metrics=metrics)


def _classic(stream: Stream) -> Stream:
    return replace(stream, sources=tuple(replace(source, native=False) for source in stream.sources))
