"""A signal that a profile does not measure has no value, no status and no record: 0 would look as if all were well."""

from __future__ import annotations

from shutil import copytree
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.cli import main
from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.live.server import prometheus_server
from generator.model import names
from generator.model.rules import RecordingRule
from generator.model.units import HOUR
from generator.prometheus.rule_set import rule_set
from generator.simulate.history import simulate
from generator.simulate.scenario import ordinary
from generator.spec.sources import shipped_profiles
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

# An hour of a service of each profile, with all rules.
pytestmark = pytest.mark.long

PROFILES = [path.stem for path in shipped_profiles()]
_START = 1_700_467_200


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A service of each profile, named after it."""
    together = tmp_path_factory.mktemp("all") / "specs"
    for profile in PROFILES:
        specs = tmp_path_factory.mktemp(profile) / "specs"
        assert main(["init", str(specs), "--profile", profile, "--service", f"of-{profile}"]) == 0
        copytree(specs, together, dirs_exist_ok=True)
    return model_of(together)


@pytest.fixture(scope="module")
def hour(prometheus: object, model: Model) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """All records after an hour in which every service worked."""
    with prometheus_server() as server:
        for service in model.services:
            scenario = replace(ordinary(service, _START, _START + HOUR), zero_initialised=False)
            write(server.api, simulate(service, model.site, scenario).series)
        recording = [
            replace(group, rules=tuple(rule for rule in group.rules if isinstance(rule, RecordingRule)))
            for group in rule_set(model.services, model.library, model.site).groups
        ]
        evaluate(server.api, recording, _START, _START + HOUR)
        yield server.api


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("record", [names.BOARD_CURRENT, names.BOARD_STATUS, names.BOARD_TREND])
def test_the_board_has_only_measured_signals(
    record: str, profile: str, hour: PrometheusApi, model: Model
) -> None:
    service = next(one for one in model.services if one.profile == profile)
    shown = hour.query(f'{record}{{service="{service.name}"}}', _START + HOUR)
    unmeasured = model.library.signals.keys() - service.signals.keys()
    assert {one.labels[names.SIGNAL] for one in shown} & unmeasured == set()


@pytest.mark.parametrize("profile", PROFILES)
def test_no_value_is_recorded_of_a_signal_that_is_not_measured(
    profile: str, hour: PrometheusApi, model: Model
) -> None:
    service = next(one for one in model.services if one.profile == profile)
    values = {
        names.value(signal) for name, signal in model.library.signals.items() if name not in service.signals
    }
    shown = hour.query(f'{{service="{service.name}"}}', _START + HOUR)
    assert {one.labels["__name__"] for one in shown} & values == set()
