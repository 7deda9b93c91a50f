"""The number of series that an expression can have, from those that it reads."""

from __future__ import annotations

import pytest

from generator.promql.infer import infer
from generator.promql.shape import constant, few_of_each, shape

_SERVICE = constant("support-agent")
_RELEASES = shape({"service": _SERVICE, "release": ("release",)})
_KNOWN = {
    "buckets": shape({"service": _SERVICE, "release": ("release",), "le": ("le",)}),
    "few": shape({"service": _SERVICE, "release": ("release",), "model": ("release",)}, [(("release",),)]),
    "release": _RELEASES,
    "newest": few_of_each(_RELEASES, 1, ("service",)),
    "two": few_of_each(_RELEASES, 2, ("service",)),
    "service": shape({"service": _SERVICE}),
}
_ALL, _BUCKETS = (("le",), ("release",)), (("le",),)


@pytest.mark.parametrize(
    ("expr", "live"),
    [
        ("buckets and on (service, release) newest", _BUCKETS),
        ("release and on (service, release) newest", ()),
        ("newest and on (service, release) newest", ()),
        # Two releases, any release, all of a service: the number of matches is unknown.
        ("buckets and on (service, release) two", _ALL),
        ("buckets and on (service, release) release", _ALL),
        ("buckets and on (service) newest", _ALL),
        ("buckets and on (service) service", _ALL),
        ("buckets unless on (service, release) newest", _ALL),
        # Another label follows from the release: the rest of the labels would be more than the matches.
        ("few and on (service, release) newest", (("release",),)),
    ],
)
def test_what_meets_one_series_has_its_labels(expr: str, live: tuple[tuple[str, ...], ...]) -> None:
    found = infer(expr, _KNOWN)
    assert found.problems == ()
    assert found.shape.live == (live,)
