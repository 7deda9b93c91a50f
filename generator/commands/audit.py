"""``audit``: compare the series that a running service exposes with its spec.

``audit --dashboards`` compares foreign dashboards and rule files with the existing series instead.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generator.audit.checks import Audit, audit
from generator.audit.exposition import Fetched, exposed_source, fetch_file, fetch_url, parse_exposition
from generator.audit.families import series_names
from generator.audit.phantoms import (
    MADE,
    InProfiles,
    NamesInExposition,
    NamesOnServer,
    phantoms,
    read_queries,
)
from generator.audit.report import CheckedFile, as_json, as_text, phantoms_as_json, phantoms_as_text
from generator.audit.server import ServerSource
from generator.checks.world import of_library
from generator.colour import colours
from generator.commands import options
from generator.commands.call import OK, SPEC_AT_FAULT, CallError
from generator.commands.compiling import on_specs, service_named
from generator.commands.init import site_text
from generator.commands.values import identified, length, prometheus
from generator.discover.recognise import candidates
from generator.model.metrics import TARGET_LABELS
from generator.model.names import LE, TARGET_INFO
from generator.prometheus.shared import shared_rules

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from generator.audit.phantoms import KnownLabels, NameSource
    from generator.compiler import Compilation
    from generator.model.service import Model, Service


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Compare what a running service exposes with its spec: metrics, types, units, buckets, labels, "
        "values, and numbers of series. Or compare dashboards and rule files of others with what is there. Nothing is "
        "changed."
    )
    parser.epilog = (
        f"{options.CREDENTIALS}{options.OF_EXPOSITIONS}. Exit status: 0 the spec "
        "is true, 1 it is not, 2 the call or the server is at fault, 130 interrupted."
    )
    options.add_specs(parser)
    parser.add_argument("--service", metavar="NAME", help="audit only this service; an exposition has one")
    parser.add_argument(
        "--dashboards",
        nargs="+",
        action="extend",
        type=options.path,
        metavar="FILE",
        help="list each metric and label in these dashboards (JSON) and rule files (YAML) that --prometheus or "
        "--exposition does not have; without either of them, each that no profile knows",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--prometheus", metavar="URL", help="what this server has scraped from all instances")
    source.add_argument(
        "--exposition", metavar="FILE|URL", help="what one instance exposes: Prometheus text or OpenMetrics"
    )
    options.add_format(parser, "text", "json")
    options.add_timeout(parser, "30s")


def run(arguments: argparse.Namespace) -> int:
    """Audit; the specs must be valid before anything is compared with them."""
    if arguments.dashboards:
        return _audit_dashboards(arguments)
    if arguments.prometheus is None and arguments.exposition is None:
        raise CallError("say where to look", "--prometheus URL, or --exposition FILE")

    def held(model: Model, outcome: Compilation) -> int:
        audits = _audited(arguments, model)
        sys.stdout.writelines(_shown(audits, outcome, arguments.format))
        return SPEC_AT_FAULT if any(one.violated for one in audits) else OK

    return on_specs(arguments.specs, held)


def _audited(arguments: argparse.Namespace, model: Model) -> tuple[Audit, ...]:
    timeout, chosen = length(arguments.timeout), _chosen(arguments.service, model)
    if arguments.prometheus is not None:
        with closing(prometheus(arguments.prometheus, arguments.timeout)) as api:
            return tuple(audit(ServerSource(api, service), service, model) for service in chosen)
    if len(chosen) > 1:
        names = " or ".join(service.name for service in chosen)
        raise CallError("name the service of the exposition", f"--service {names}")
    exposition = parse_exposition(fetched(arguments.exposition, timeout))
    return (audit(exposed_source(exposition, chosen[0]), chosen[0], model),)


def _chosen(name: str | None, model: Model) -> tuple[Service, ...]:
    return model.services if name is None else (service_named(name, model),)


def fetched(place: str, timeout: float) -> Fetched:
    """Read a file or fetch a URL; no message repeats the URL's query."""
    # A text that is no file and could be an address with a password is not repeated as a file name either.
    if "://" not in place and ("@" not in place or Path(place).exists()):
        return fetch_file(Path(place))
    who, _ = identified(place.partition("?")[0], "EXPOSITION")
    parts = urlsplit(place)
    query = f"?{parts.query}" if parts.query else ""
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return fetch_url(address, query, timeout=timeout, credentials=who)


def _shown(audits: tuple[Audit, ...], outcome: Compilation, format_: str) -> Iterable[str]:
    if format_ == "json":
        return [as_json(audits)]
    return as_text(audits, outcome.texts, colour=colours(sys.stdout))


def _audit_dashboards(arguments: argparse.Namespace) -> int:
    """Name the metrics that do not exist; the exit status is 1 if there are any."""
    if arguments.service is not None:
        raise CallError("--service is about one service, and --dashboards about all", "leave it out")
    queries = [(path, read_queries(path)) for path in arguments.dashboards]
    with _name_source(arguments) as known:
        # A record of one file may be read in another.
        every = phantoms([query for _, files in queries for query in files], known)
        files = [
            CheckedFile(str(path), len(queries_of), tuple(one for one in every if one.file == str(path)))
            for path, queries_of in queries
        ]
        sys.stdout.writelines(
            phantoms_as_json(files, known) if arguments.format == "json" else phantoms_as_text(files, known)
        )
    return SPEC_AT_FAULT if any(one.phantoms for one in files) else OK


@contextmanager
def _name_source(arguments: argparse.Namespace) -> Iterator[NameSource]:
    if arguments.exposition is not None:
        yield NamesInExposition(parse_exposition(fetched(arguments.exposition, length(arguments.timeout))))
        return
    if arguments.prometheus is None:
        yield InProfiles(_of_profiles(arguments.specs))
        return
    with closing(prometheus(arguments.prometheus, arguments.timeout)) as api:
        yield NamesOnServer(api, time.time(), frozenset(_of_profiles(arguments.specs)))


def _of_profiles(specs: Path) -> dict[str, KnownLabels]:
    """Collect all series that profiles read, with their known labels; for records of rules only the names."""
    known = candidates(specs, site_text(None))
    by_name: dict[str, KnownLabels] = dict.fromkeys(
        (*MADE, TARGET_INFO, *of_library(shared_rules(known.library, known.site)).series)
    )
    for profile in known.profiles:
        for name, labels in _of_service(known.draft(profile, {"job": "draft"})):
            before = by_name.get(name, frozenset())
            by_name[name] = None if before is None else before | labels
    return by_name


def _of_service(service: Service) -> Iterator[tuple[str, frozenset[str]]]:
    read: dict[str, set[str]] = {}
    for feed in service.sources:
        for name in feed.metrics:
            labels = (*(label for label, _ in feed.where), *(exposed for _, exposed in feed.labels))
            read.setdefault(name, set()).update((*feed.drop, *labels))
    for metric in service.metrics.values():
        own = {metric.exposed.get(label, label) for label in metric.labels}
        every = frozenset({*own, *read.get(metric.name, ()), *TARGET_LABELS})
        for name in series_names(metric):
            yield name, every | {LE} if name.endswith("_bucket") else every
