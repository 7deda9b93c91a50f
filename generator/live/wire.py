"""The protobuf messages of remote write 1.0 (prometheus/prompb), as far as they are sent, described in code.

``message WriteRequest { repeated TimeSeries timeseries = 1; }``
``message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }``
``message Label { string name = 1; string value = 2; }``
``message Sample { double value = 1; int64 timestamp = 2; }`` (milliseconds)
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = "prometheus"


class Labels(Protocol):
    """``repeated Label``."""

    def add(self, *, name: str, value: str) -> object:
        """Append a label."""


class Samples(Protocol):
    """``repeated Sample``."""

    def add(self, *, value: float, timestamp: int) -> object:
        """Append a sample; ``timestamp`` is in milliseconds."""


class WireSeries(Protocol):
    """``TimeSeries``."""

    @property
    def labels(self) -> Labels:
        """The labels, sorted by name."""

    @property
    def samples(self) -> Samples:
        """The samples, sorted by time."""


class RepeatedSeries(Protocol):
    """``repeated TimeSeries``."""

    def add(self) -> WireSeries:
        """Append a series, to be filled."""


class WriteRequest(Protocol):
    """``WriteRequest``."""

    @property
    def timeseries(self) -> RepeatedSeries:
        """The series."""

    def SerializeToString(self) -> bytes:  # noqa: N802  (the library's name)
        """Encode it."""


def write_request() -> WriteRequest:
    """Make an empty WriteRequest."""
    return _write_request_class()()


@lru_cache(maxsize=1)
def _write_request_class() -> Callable[[], WriteRequest]:
    # A separate pool: another library in the process may describe these messages too.
    pool = DescriptorPool()
    pool.Add(_file())
    found = GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.WriteRequest"))
    return cast("Callable[[], WriteRequest]", found)


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
