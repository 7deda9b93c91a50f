"""The output in the forms that the site requests, and ``deliver/limit``: the limits of their targets.

The rules of one subject are wrapped as text: nothing here reads or writes an expression. Limits are checked here to
name the service that is too large.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact, File
from generator.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.delivery.registry import TargetModule
    from generator.model.delivery import Target
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing

_GROUPS = "groups:\n"
_NAME = re.compile(r"[^/]+/[^/]+/(?P<name>[^/.]+)\.(?:rules|alerts)\.yml")
#: The comment at the top of every file of a target that allows comments.
GENERATED = "# Generated from the specs: change the specs, not this file.\n"
_CODE = "deliver/limit"
#: The way out where the rules of a service are larger than an object may be.
SMALLER_SERVICE = "let the service declare fewer signals and alerts of its own, or divide it in two"


class RuleText(Struct, frozen=True):
    """The rule groups of a service, or of a family of shared rules.

    Attributes:
        name: The name of their rule files, such as ``support-agent`` or ``agent-run``.
        owner: The owner of the service; empty for shared rules.
        groups: The unchanged items below ``groups:`` of the rule files, those of recording rules first.
    """

    name: str
    owner: str
    groups: str

    def under(self, depth: int) -> str:
        """Write ``groups:`` and its items, indented by ``depth`` levels of two spaces."""
        return _indented(_GROUPS + self.groups, depth)


def _rule_texts(files: Iterable[Artifact], owner: str = "") -> Iterator[RuleText]:
    """Collect rule files by the name of their subject."""
    by_name: dict[str, list[str]] = {}
    for file in files:
        match = _NAME.fullmatch(file.path)
        if not match:
            raise ValueError(f"no rule file: {file.path}")
        by_name.setdefault(match["name"], []).append(_items(file.text))
    for name, items in by_name.items():
        yield RuleText(name, owner, "".join(items))


def join_groups(texts: Iterable[RuleText]) -> str:
    """Join the items of several subjects."""
    return "".join(text.groups for text in texts)


def _indented(text: str, depth: int) -> str:
    """Indent lines by ``depth`` levels of two spaces; empty ones stay empty."""
    step = "  " * depth
    return re.sub(r"^(?=.)", step, text, flags=re.MULTILINE)


def _items(text: str) -> str:
    """Return the text below ``groups:``, a line that follows comments only."""
    _, _, items = f"\n{text}".partition(f"\n{_GROUPS}")
    return items


class Limit(Struct, frozen=True):
    """The most bytes that a file of a folder may have, or all of its files together.

    Attributes:
        place: The beginning of the paths, such as ``kubernetes/rules/``.
        most: The bytes.
        refusal: The end of the sentence "... is of 600,000 bytes: ".
        help: The way out.
        severity: An error where no way is left to deliver the file, else milder.
        together: Whether the sum of the files counts.
    """

    place: str
    most: int
    refusal: str
    help: str
    severity: Severity = Severity.ERROR
    together: bool = False


def nothing(*_parts: object) -> tuple[Artifact, ...]:
    """Write nothing: in place of a function of a target that has no such files."""
    return ()


def deliver_service(service: Service, files: Iterable[Artifact], site: Site) -> Iterator[Artifact]:
    """Write a service's rule files for every target of the site."""
    for module, options in _targets(site):
        (rules,) = _rule_texts(files, service.owner)
        yield from module.of_service(service, rules, options, site)


def deliver_dashboards(drawn: Sequence[Artifact], site: Site) -> Iterator[Artifact]:
    """Write the dashboards for every target of the site."""
    for module, options in _targets(site):
        yield from module.of_dashboards(drawn, options)


def deliver_all(files: Sequence[Artifact], routes: Sequence[Routing], site: Site) -> Iterator[Artifact]:
    """Write the shared rule files, and the lists of all services, for every target of the site."""
    for module, options in _targets(site):
        yield from module.of_all(tuple(_rule_texts(files)), routes, options)


def undeliverable(
    files: Sequence[File], groups: Mapping[str, int], shared: int, places: Mapping[str, Span], site: Site
) -> Iterator[Diagnostic]:
    """Find the files and rule groups that a target would refuse.

    Args:
        files: All of the output, or none if there is no output yet.
        groups: The number of rule groups of each service's own, by name.
        shared: The number of rule groups about all services.
        places: The places of services in the specs, by name.
        site: The site with its targets.
    """
    if site.deliver.mimir:
        yield from check_groups(shared, groups, site.deliver.mimir.max_groups, places)
    for module, _ in _targets(site):
        yield from check_sizes(files, module.LIMITS, places)


def _targets(site: Site) -> Iterator[tuple[TargetModule, Target]]:
    """Yield the targets; a site without targets does not import their modules."""
    if site.deliver.targets:
        from generator.delivery.registry import TARGETS  # noqa: PLC0415

        yield from ((TARGETS[type(options)], options) for options in site.deliver.targets)


def check_sizes(
    files: Iterable[File], limits: Iterable[Limit], places: Mapping[str, Span]
) -> Iterator[Diagnostic]:
    """Find files that are too large; ``places`` are those of services in the specs, by name."""
    sizes = [(file.path, _size(file)) for file in files]
    for limit in limits:
        limited = [(path, size) for path, size in sizes if path.startswith(limit.place)]
        total = sum(size for _, size in limited)
        if limit.together and total > limit.most:
            yield _too_large(limit.place, total, limit, None)
        if not limit.together:
            yield from (
                _too_large(path, size, limit, places.get(_subject(path)))
                for path, size in limited
                if size > limit.most
            )


def check_groups(
    shared: int, of_services: Mapping[str, int], most: int, places: Mapping[str, Span]
) -> Iterator[Diagnostic]:
    """Report more rule groups than a tenant may have, at the service with most of them.

    Args:
        shared: The number of groups about all services.
        of_services: The number of groups of each service's own, by name.
        most: The limit.
        places: The places of services in the specs, by name.
    """
    total = shared + sum(of_services.values())
    if total <= most:
        return
    largest = max(of_services, key=lambda name: (of_services[name], name))
    yield Diagnostic(
        _CODE,
        Severity.ERROR,
        f"the output has {total:,} rule groups, {total - most:,} more than a tenant may have "
        f"({most:,}): {shared:,} are about all services, and {largest} has most of the others "
        f"({of_services[largest]:,} of {total - shared:,})",
        places.get(largest),
        "have ruler_max_rule_groups_per_tenant raised for the tenant, and write the same number as "
        "deliver.mimir.max_groups in site.yaml; or give some services specs, and a tenant, of their own",
    )


def _too_large(path: str, size: int, limit: Limit, place: Span | None) -> Diagnostic:
    subject = _subject(path)
    named = f'{path} ("{subject}")' if subject else path
    return Diagnostic(
        _CODE, limit.severity, f"{named} has {size:,} bytes: {limit.refusal}", place, limit.help
    )


def _subject(path: str) -> str:
    """Return the service, family or dashboard that names a file."""
    return path.rpartition("/")[2].partition(".")[0]


def _size(file: File) -> int:
    return len(file.text.encode()) if isinstance(file, Artifact) else file.size
