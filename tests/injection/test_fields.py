"""The hostile specs leave out no place where an author may write freely."""

from __future__ import annotations

import pytest

from tests.injection.fields import free, written
from tests.injection.hostile import TEXTS
from tests.injection.specs import SERVICE, directory

FILES = {
    "service": f"services/{SERVICE}.yaml",
    "profile": "profiles/hostile.yaml",
    "prices": "prices.yaml",
    "site": "site.yaml",
}


@pytest.mark.parametrize("kind", FILES)
def test_every_free_place_of_the_schemas_is_written_to(kind: str) -> None:
    found: dict[str, list[str]] = {}
    for place, text in written(kind, directory(TEXTS)[FILES[kind]]):
        found.setdefault(place, []).append(text)
    # An environment's keys become a service's, and a segment a label of the profile, before anything else sees them.
    elsewhere = ("service:/environments/", "service:/segments/")
    places = {place for place in free(kind) if not place.startswith(elsewhere)}
    untouched = {place for place in places if not any(_is_hostile(text) for text in found.get(place, ()))}
    assert untouched == set()


def _is_hostile(text: str) -> bool:
    return text in TEXTS or " ".join(TEXTS).startswith(text)


def test_the_schemas_have_such_places() -> None:
    assert {"service:/signals/*/title", "service:/selector/*", "service:/labels/*[]"} <= free("service")
    assert {"profile:/labels/*/values/(key)", "profile:/alerts/*/means"} <= free("profile")
    assert {"prices:/models/(key)", "prices:/models/*/provider"} <= free("prices")
