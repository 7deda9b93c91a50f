"""The candidate profiles, shipped ones and a directory's own, and a draft service for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator import foundation
from generator.diagnostics import Result
from generator.discover.yaml_words import pairs
from generator.errors import CommandError
from generator.memory import Memory
from generator.model.service import Model, Service, Site
from generator.resolve.model import resolve_one
from generator.spec.load import load_services
from generator.spec.source import SourceText
from generator.spec.sources import SpecFile, profile_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.foundation import Foundation
    from generator.spec.types import ProfileSpec

#: A number of values that no label should reach: a draft has no bounds.
_WIDE = 1000


class Candidates(Struct, frozen=True):
    """All profiles by name, and the base for compiling a service."""

    base: Foundation
    profiles: Mapping[str, ProfileSpec]

    @property
    def site(self) -> Site:
        """The settings of all services."""
        return self.base.site

    def draft(self, profile: str, selector: Mapping[str, str]) -> Service:
        """Make a service of a profile, with any values in its open labels."""
        lines = ["service: draft", f"profile: {profile}", "owner: draft", f"selector: {pairs(selector)}"]
        if names := open_labels(self.profiles[profile]):
            lines += ["labels:", *(f"  {name}: {{max_live: {_WIDE}}}" for name in names)]
        return self.service("".join(f"{line}\n" for line in lines))

    def service(self, text: str) -> Service:
        """Resolve the text of one service, without environments.

        Raises:
            CommandError: it has errors, or its profile has.
        """
        return self.services(text)[0]

    def services(self, text: str) -> tuple[Service, ...]:
        """Resolve the text of a service: one, or one in each of its environments.

        Raises:
            CommandError: it has errors, or its profile has.
        """
        loaded = load_services(SpecFile(Path("service"), Result(SourceText("service", text))))
        resolved = [resolve_one(spec, self.base.common) for spec in loaded.specs or ()]
        values = tuple(one.value for one in resolved if one.value)
        if values and len(values) == len(resolved):
            return values
        findings = (*loaded.diagnostics, *(finding for one in resolved for finding in one.diagnostics))
        raise CommandError(
            findings[0].message if findings else "a profile is at fault", findings[0].help if findings else ""
        )

    def model(self, *services: Service) -> Model:
        """Make a model of services."""
        return Model(self.site, self.base.common.base.library, services)


def candidates(specs: Path, site: str) -> Candidates:
    """Read all profiles; ``specs`` need not exist, and ``site`` is the default where they have no site.

    Raises:
        CommandError: the parts that services share have errors.
    """
    sources = profile_sources(specs)
    if sources.site is None:
        sources = replace(sources, site=SpecFile(specs / "site.yaml", Result(SourceText("site.yaml", site))))
    base, found = foundation.load(sources, Memory())
    if base is None or not base.common.sound:
        raise CommandError(f"{specs} is at fault: {found[0].message}", f"run: agent-metrics check {specs}")
    common = base.common
    known = {name: spec for name, spec in common.profiles.items() if name not in common.broken}
    return Candidates(base, known)


def open_labels(profile: ProfileSpec) -> list[str]:
    """List the labels that a service must bound."""
    return [
        entry.key.value for entry in profile.labels if not entry.value.values and entry.value.max_live is None
    ]
