"""A service's rules, compiled: what its rule files will hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.prometheus.alerting.conditions import judgement
from generator.prometheus.alerting.groups import alerting_groups
from generator.prometheus.recording.families import recording_groups

if TYPE_CHECKING:
    from generator.model.service import Service, Site
    from generator.prometheus.rules import RuleGroup


class Compiled(Struct, frozen=True):
    """The recording and the alerting rules of one service."""

    service: str
    recording: tuple[RuleGroup, ...]
    alerting: tuple[RuleGroup, ...]


def compile_rules(service: Service, site: Site) -> Compiled:
    """Lower a service to its rules."""
    judged = tuple(judgement(alert, service) for alert in service.alerts)
    return Compiled(
        service.name, recording_groups(service, site, judged), alerting_groups(service, site, judged)
    )
