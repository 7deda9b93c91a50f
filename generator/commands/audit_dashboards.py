"""``audit --dashboards``: compare foreign dashboards and rule files with the existing series."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins

from generator.audit.families import series_names
from generator.audit.parse import parse
from generator.audit.phantoms import MADE, InProfiles, NamesInExposition, NamesOnServer, phantoms
from generator.audit.queries import read_queries
from generator.audit.source import TARGET_LABELS
from generator.checks.world import of_library
from generator.commands.audit import fetched
from generator.commands.call import CALL_AT_FAULT, OK, SPEC_AT_FAULT, CallError
from generator.commands.init import SITE
from generator.commands.terminal import complain
from generator.commands.values import length, prometheus
from generator.diagnostics.printable import printable
from generator.discover.shelf import shelf
from generator.errors import CommandError
from generator.model.names import LE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from generator.audit.phantoms import Labels, NameSource, Phantom
    from generator.model.service import Service


class _File(Struct, frozen=True):
    """A file, the number of its queries, and their problems."""

    file: str
    queries: int
    phantoms: tuple[Phantom, ...]


def audit_dashboards(arguments: argparse.Namespace) -> int:
    """Name the metrics that do not exist; the exit status is 1 if there are any."""
    try:
        if arguments.service is not None:
            raise CallError("--service is about one service, and --dashboards about all", "leave it out")
        queries = [(path, read_queries(path)) for path in arguments.dashboards]
        with _known(arguments) as known:
            # A record of one file may be read in another.
            every = phantoms([query for _, files in queries for query in files], known)
            files = [
                _File(str(path), len(queries_of), tuple(one for one in every if one.file == str(path)))
                for path, queries_of in queries
            ]
            sys.stdout.writelines(
                _as_json(files, known) if arguments.format == "json" else _as_text(files, known)
            )
    except (CommandError, OSError) as problem:
        complain(str(problem), getattr(problem, "help", ""))
        return CALL_AT_FAULT
    return SPEC_AT_FAULT if any(one.phantoms for one in files) else OK


@contextmanager
def _known(arguments: argparse.Namespace) -> Iterator[NameSource]:
    if arguments.exposition is not None:
        yield NamesInExposition(parse(fetched(arguments.exposition, length(arguments.timeout))))
        return
    if arguments.prometheus is None:
        yield InProfiles(_of_profiles(arguments.specs))
        return
    api = prometheus(arguments.prometheus, arguments.timeout)
    try:
        yield NamesOnServer(api, time.time(), frozenset(_of_profiles(arguments.specs)))
    finally:
        api.close()


def _of_profiles(specs: Path) -> dict[str, Labels]:
    """Collect all series that profiles read, with their known labels; for records of rules only the names."""
    known = shelf(specs, SITE)
    found: dict[str, Labels] = dict.fromkeys((*MADE, "target_info", *of_library(known.base.shared).series))
    for profile in known.profiles:
        for name, labels in _of_service(known.draft(profile, {"job": "draft"})):
            before = found.get(name, frozenset())
            found[name] = None if before is None else before | labels
    return found


def _of_service(service: Service) -> Iterator[tuple[str, frozenset[str]]]:
    dropped: dict[str, set[str]] = {}
    for stream in service.streams.values():
        for feed in stream.sources:
            for name in (*feed.names, *feed.minus):
                dropped.setdefault(name, set()).update((*feed.drop, *(label for label, _ in feed.where)))
    for metric in service.metrics.values():
        labels = {metric.exposed.get(label, label) for label in metric.labels}
        every = frozenset({*labels, *dropped.get(metric.name, ()), *TARGET_LABELS})
        for name in series_names(metric):
            yield name, every | {LE} if name.endswith("_bucket") else every


def _as_text(files: Sequence[_File], known: NameSource) -> Iterator[str]:
    for one in files:
        yield f"{printable(one.file)}: {one.queries} queries, {_counted(len(one.phantoms), 'phantom')}\n"
        yield from (f"  {line}\n" for phantom in one.phantoms for line in _lines(phantom, known))
    total = sum(len(one.phantoms) for one in files)
    where = "a profile" if isinstance(known, InProfiles) else printable(known.place)
    yield (
        f"all that they name is known to {where}\n" if not total else f"{_counted(total, 'phantom')} in all\n"
    )


def _lines(phantom: Phantom, known: NameSource) -> Iterator[str]:
    is_known = "no profile knows it" if isinstance(known, InProfiles) else "nothing exposes it"
    place = printable(phantom.place or "no title")
    if phantom.expr:
        yield f"{place}: not read, since {phantom.help}: {printable(phantom.expr)}"
        return
    help_ = f": {printable(phantom.help)}" if phantom.help else ""
    if phantom.label:
        yield f'{place}: label "{printable(phantom.label)}" of {printable(phantom.metric)}, {is_known}{help_}'
    else:
        yield f"{place}: metric {printable(phantom.metric)}, {is_known}{help_}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _as_json(files: Sequence[_File], known: NameSource) -> Iterator[str]:
    yield json.dumps({"version": 1, "source": known.place, "files": to_builtins(files)}, indent=2) + "\n"
