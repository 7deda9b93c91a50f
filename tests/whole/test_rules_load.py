"""A real Prometheus loads the rules of any specs, and evaluates each over series that their code could expose."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from generator.live.remote_write import write
from generator.live.server import ServerConfig
from tests.whole.compiled import compile_specs, unhurried
from tests.whole.exposed import exposed
from tests.whole.specs import directories

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.server import PrometheusServer
    from generator.model.service import Service
    from tests.whole.specs import Directory

pytestmark = pytest.mark.long

EXAMPLES = 12
#: Not every example compiles, and by chance few of a round do.
ROUNDS_OF_EXAMPLES = 5
ATTEMPTS = 240
#: Seconds in which each group is evaluated twice after the first values exist, so that all their readers ran.
ROUNDS = 5
#: A record's name. Each example gets records of its own: where two examples record one series in the same millisecond,
#: but from values of two moments, Prometheus refuses the second.
_RECORD = re.compile(r"\b\w+:agent_[\w:]+")
_INTERVAL = re.compile(r"^  interval: .*", re.MULTILINE)
#: The number of services with counted events, for any words for runs.
_COUNTED = 'count(count by (service) ({__name__=~"service:.+:increase.+"}))'


def test_prometheus_evaluates_the_rules_of_any_specs(
    fresh_prometheus: PrometheusServer, tmp_path: Path
) -> None:
    services = _compiled(tmp_path)
    assert len(services) > EXAMPLES / 2
    now = int(time.time())
    write(
        fresh_prometheus.api,
        [series for service in services for series in exposed(service, now - 600, now + 120)],
    )
    fresh_prometheus.load(ServerConfig(rule_files=tuple(sorted(tmp_path.glob("*.yml")))))

    _settle(fresh_prometheus, len(services))
    groups = fresh_prometheus.api.rules()
    states = [(group.file, rule) for group in groups for rule in group.rules]
    assert len(states) > 100
    wrong = [(file, rule.name, rule.last_error, rule.expr) for file, rule in states if rule.health != "ok"]
    assert wrong == [], wrong[:3]


def _compiled(directory: Path) -> list[Service]:
    """Compile examples into rule files that are evaluated every other second, each service with its own name."""
    services: list[Service] = []

    @settings(unhurried, max_examples=EXAMPLES, database=None)
    @given(directories())
    def collect(files: Directory) -> None:
        compilation = compile_specs(_renamed(files, len(services)))
        for path, text in compilation.files.items():
            if path.endswith((".rules.yml", ".alerts.yml")):
                name = f"{len(services)}-{path.rpartition('/')[2]}"
                own_records = _RECORD.sub(rf"\g<0>_of{len(services)}", text)
                quick = _INTERVAL.sub("  interval: 2s", own_records)
                (directory / name).write_text(quick, "utf-8")
        services.extend(compilation.model.services if compilation.model else ())

    for _ in range(ROUNDS_OF_EXAMPLES):
        if len(services) <= EXAMPLES / 2:
            collect()
    return services


def _renamed(files: Directory, index: int) -> Directory:
    """Separate services of different examples, by name and by selector."""
    changed = {}
    for path, spec in files.items():
        if "service" not in spec:
            changed[path] = spec
            continue
        name = f"s{index}-{spec['service']}"
        selector = {**spec["selector"], "example": str(index)}
        changed[f"services/{name}.yaml"] = {**spec, "service": name, "selector": selector}
    return changed


def _settle(server: PrometheusServer, services: int) -> None:
    """Wait until every service has values and every group was evaluated a few times since."""
    first = None
    for _ in range(ATTEMPTS):
        now = time.time()
        if first is None:
            found = server.api.query(_COUNTED, now)
            first = now if found and found[0].value == services else None
        elif now > first + ROUNDS and _all_evaluated(server):
            return
        time.sleep(0.25)
    message = "not every service has values"
    raise AssertionError(message)


def _all_evaluated(server: PrometheusServer) -> bool:
    """Whether every rule has been evaluated: many groups on a busy machine take their time."""
    return all(rule.health != "unknown" for group in server.api.rules() for rule in group.rules)
