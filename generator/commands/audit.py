"""``audit``: compare the series that a running service exposes with its spec."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generator.audit.audit import Audit, audit
from generator.audit.exposed import exposed_source
from generator.audit.parse import Fetched, fetch_file, fetch_url, parse
from generator.audit.report import as_json, as_text
from generator.audit.server import ServerSource
from generator.colour import colours
from generator.commands import options
from generator.commands.call import CALL_AT_FAULT, OK, SPEC_AT_FAULT, CallError
from generator.commands.compiling import on_specs, service_named
from generator.commands.terminal import complain
from generator.commands.values import identified, length, prometheus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from generator.compiler import Compilation
    from generator.model.service import Model, Service


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Hold what a running service exposes against its spec: metrics, types, units, buckets, labels, "
        "values, and numbers of series. Or hold dashboards and rule files of others against what is there. Nothing is "
        "changed."
    )
    parser.epilog = (
        "Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and "
        "..._PASSWORD; for the URL of an exposition AGENT_METRICS_EXPOSITION_TOKEN and so on. Exit status: 0 the spec "
        "is true, 1 it is not, 2 the call or the server is at fault, 130 interrupted."
    )
    options.specs(parser)
    parser.add_argument("--service", metavar="NAME", help="only this one; an exposition is of one service")
    parser.add_argument(
        "--dashboards",
        nargs="+",
        action="extend",
        type=options.path,
        metavar="FILE",
        help="name every metric and label in these dashboards (JSON) and rule files (YAML) that --prometheus or "
        "--exposition does not have, or, without either, that no profile knows",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--prometheus", metavar="URL", help="what this server has scraped from all instances")
    source.add_argument(
        "--exposition", metavar="FILE|URL", help="what one instance exposes: Prometheus text or OpenMetrics"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    options.timeout(parser, "30s")


def run(arguments: argparse.Namespace) -> int:
    """Audit; the specs must be valid before anything is compared with them."""
    if arguments.dashboards:
        from generator.commands.audit_dashboards import audit_dashboards  # noqa: PLC0415 - profiles take time to read

        return audit_dashboards(arguments)
    if arguments.prometheus is None and arguments.exposition is None:
        complain("say where to look", "--prometheus URL, or --exposition FILE")
        return CALL_AT_FAULT

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
    exposition = parse(fetched(arguments.exposition, timeout))
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
