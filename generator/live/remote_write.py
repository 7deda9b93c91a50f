"""Writing samples into a Prometheus by remote write 1.0 (protobuf, snappy); the messages are described in code.

``message WriteRequest { repeated TimeSeries timeseries = 1; }``
``message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }``
``message Label { string name = 1; string value = 2; }``
``message Sample { double value = 1; int64 timestamp = 2; }`` (milliseconds)
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from operator import itemgetter
from struct import unpack
from typing import TYPE_CHECKING, Any, TypeAlias

import cramjam
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.live.errors import LiveError
    from generator.live.transport import Response

# The one NaN that means "this series ends here"; any other NaN is a value.
STALE_NAN: float = unpack("<d", (0x7FF0000000000002).to_bytes(8, "little"))[0]
SAMPLES_PER_REQUEST = 20_000
_PATH = "/api/v1/write"
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_RECEIVER = "start Prometheus with --web.enable-remote-write-receiver, and check the path of the address"
#: Words in Prometheus's refusals, and the help for each.
_SAID = (
    (("remote write receiver",), _RECEIVER),
    (
        ("out of bounds", "too old sample", "out of order"),
        "give prometheus.yml a storage.tsdb.out_of_order_time_window that reaches back beyond the span, such as 30d",
    ),
    (
        ("duplicate sample",),
        "this span was written before with another seed: take an empty server or another span",
    ),
)
_PACKAGE = "prometheus"
#: The message above; its class is made at run time.
WriteRequest: TypeAlias = Any


class TimeSeries(Struct, frozen=True):
    """Samples to write: ``labels`` with ``__name__``, one Unix time in milliseconds for each value."""

    labels: Mapping[str, str]
    timestamps: Sequence[int]
    values: Sequence[float]


def write_request() -> WriteRequest:
    """Make an empty WriteRequest."""
    return _write_request_class()()


@lru_cache(maxsize=1)
def _write_request_class() -> type[WriteRequest]:
    # A separate pool: another library in the process may describe these messages too.
    pool = DescriptorPool()
    pool.Add(_file())
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.WriteRequest"))


def _file() -> FileDescriptorProto:
    field = FieldDescriptorProto
    return FileDescriptorProto(
        name="remote_write.proto",
        package=_PACKAGE,
        syntax="proto3",
        message_type=[
            _message("WriteRequest", _repeated("timeseries", 1, "TimeSeries")),
            _message("TimeSeries", _repeated("labels", 1, "Label"), _repeated("samples", 2, "Sample")),
            _message("Label", _single("name", 1, field.TYPE_STRING), _single("value", 2, field.TYPE_STRING)),
            _message(
                "Sample", _single("value", 1, field.TYPE_DOUBLE), _single("timestamp", 2, field.TYPE_INT64)
            ),
        ],
    )


def _message(name: str, *fields: FieldDescriptorProto) -> DescriptorProto:
    return DescriptorProto(name=name, field=fields)


def _single(name: str, number: int, kind: FieldDescriptorProto.Type.ValueType) -> FieldDescriptorProto:
    return FieldDescriptorProto(
        name=name, number=number, type=kind, label=FieldDescriptorProto.LABEL_OPTIONAL
    )


def _repeated(name: str, number: int, message: str) -> FieldDescriptorProto:
    return FieldDescriptorProto(
        name=name,
        number=number,
        type=FieldDescriptorProto.TYPE_MESSAGE,
        type_name=f".{_PACKAGE}.{message}",
        label=FieldDescriptorProto.LABEL_REPEATED,
    )


def write(
    api: PrometheusApi, series: Iterable[TimeSeries], *, samples_per_request: int = SAMPLES_PER_REQUEST
) -> int:
    """Write ``series`` and return the number of samples; a query sees them as soon as this returns.

    Samples are sorted by time and labels by name; labels with an empty value are left out, as everywhere in
    Prometheus. A long series is spread over several requests.

    Raises:
        LiveError: the server cannot be reached or refuses; the requests before the refused one have counted.
    """
    written = 0
    for request, samples in _requests(series, samples_per_request):
        body = bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
        # A repeated write of the same samples changes nothing.
        response = api.connection.send("POST", _PATH, body, _HEADERS, safe=True)
        if not response.ok:
            raise _refusal(api, response)
        written += samples
    return written


def _requests(series: Iterable[TimeSeries], size: int) -> Iterator[tuple[WriteRequest, int]]:
    """Pack ``series`` into requests of at most ``size`` samples."""
    request, count = write_request(), 0
    for one in series:
        for samples in _stretches(one, size):
            if count + len(samples) > size:
                yield request, count
                request, count = write_request(), 0
            _add(request, one.labels, samples)
            count += len(samples)
    if count:
        yield request, count


def _stretches(one: TimeSeries, size: int) -> Iterator[Sequence[tuple[int, float]]]:
    samples = sorted(zip(one.timestamps, one.values, strict=True), key=itemgetter(0))
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def _add(request: WriteRequest, labels: Mapping[str, str], samples: Iterable[tuple[int, float]]) -> None:
    target = request.timeseries.add()
    for name, text in sorted(labels.items()):
        if text:
            target.labels.add(name=name, value=text)
    # Bound once: most of the time for a day of samples is spent in this loop.
    add = target.samples.add
    for timestamp, value in samples:
        add(value=value, timestamp=timestamp)


def _refusal(api: PrometheusApi, response: Response) -> LiveError:
    """Explain why it refuses samples, by the status and by Prometheus's own message."""
    specific = next((help_ for words, help_ in _SAID if any(word in response.text for word in words)), "")
    if not specific and response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        specific = _RECEIVER
    help_ = specific or api.connection.help_for(response.status)
    return api.connection.error(f"it refuses to be written to: {response.reason}", help_)
