"""Mutated answers of servers: for any answer, each command succeeds or ends with a LiveError with a clean message."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from msgspec import Struct, field
from urllib3 import PoolManager

from generator.apply.generated import read_output
from generator.apply.grafana_api import GrafanaApi
from generator.apply.to_grafana import Options, apply_to_grafana
from generator.apply.to_prometheus import Waiting, apply_to_prometheus
from generator.audit import report as audit_report
from generator.audit.checks import audit
from generator.audit.exposition import Fetched, exposed_source, parse_exposition
from generator.audit.server import ServerSource
from generator.commands.compiling import checked
from generator.live.api import PrometheusApi
from generator.live.errors import LiveError
from generator.live.evaluate import evaluate
from generator.live.transport import Connection, Response
from generator.prometheus.rule_set import alerting_by_service, rule_set
from generator.replay import formats
from generator.replay.jobs import WorkerPool
from generator.replay.page import page
from generator.replay.replay import Order, RecordSource, replay
from generator.replay.report import report
from generator.replay.subject import replay_subject
from tests.fuzz.mutate import mutated

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from generator.compiler import Compilation

ROOT = Path(__file__).parents[2]
START = 1_774_000_000
END = START + 3600
_ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        1.5,
        1e308,
        2**70,
        "",
        "NaN",
        "+Inf",
        "-Inf",
        "1e999",
        "many",
        "\x1b[2J",
        "a" * 5000,
    ),
    *([], {}, [[]], [[1, "NaN"]], {"a": {}}, {"__name__": "x"}, [None], "ü\n"),
)
_TYPES = ("text/plain", "application/json", "application/openmetrics-text; version=1.0.0")
_MOST_CHANGES = 4
_MOST_KEPT = 3
#: Statuses that replace those of an answer now and then.
_STATUSES = (200, 200, 200, 200, 200, 204, 302, 400, 404, 422, 500, 503)


class Answering(Connection, frozen=True):
    """A connection without a server, which answers by itself; its answers are kept."""

    reply: Callable[[str, dict[str, str]], Response] = field(default=lambda *_: Response(500, b""))

    def send(self, method: str, path: str, body: bytes | None = None, *_: Any, **__: Any) -> Response:  # noqa: ANN401
        """Answer."""
        place, _query, fields = path.partition("?")
        sent = dict(parse_qsl(fields or (body or b"").decode(errors="replace")))
        return self.reply(f"{method} {place}", sent)


class ServerHunt(Struct):
    """The tests and failures so far; ``kept`` is for answers that break something."""

    kept: Path
    dice: Random
    specs: Compilation = field(default_factory=lambda: checked(ROOT / "specs"))
    tried: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    answers: list[bytes] = field(default_factory=list)

    def step(self) -> None:
        """Connect one command to one server."""
        self.answers.clear()
        command = self.dice.choice(
            (self._audit, self._exposition, self._replay, self._record, self._apply, self._reload)
        )
        self.tried[command.__name__] += 1
        try:
            command()
        except LiveError as problem:
            if not problem.message or "\x1b" in problem.message:
                self._failed(f"{command.__name__}: a message that is none", problem.message)
        except Exception as problem:  # noqa: BLE001 - that is what is looked for
            frame = traceback.extract_tb(problem.__traceback__)[-1]
            self._failed(
                f"{command.__name__}: {problem!r} in {Path(frame.filename).name}:{frame.lineno}",
                traceback.format_exc(),
            )

    def _failed(self, kind: str, told: str) -> None:
        self.failures[kind] += 1
        if self.failures[kind] <= _MOST_KEPT:
            place = self.kept / hashlib.sha256(f"{kind}{self.answers}".encode()).hexdigest()[:12]
            place.mkdir(parents=True, exist_ok=True)
            (place / "told.txt").write_text(f"{kind}\n{told}", "utf-8")
            for number, answer in enumerate(self.answers):
                (place / f"answer-{number}").write_bytes(answer)

    def _connection(self, right: Callable[[str, dict[str, str]], Any]) -> Answering:
        return Answering("http://fuzz", PoolManager(), 1, reply=partial(self._reply, right))

    def _reply(
        self, right: Callable[[str, dict[str, str]], Any], place: str, fields: dict[str, str]
    ) -> Response:
        status = self.dice.choice(_STATUSES) if self.dice.random() < 0.1 else 200
        document = right(place, fields)
        for _ in range(self.dice.randrange(_MOST_CHANGES) if self.dice.random() < 0.5 else 0):
            document = self._changed(document)
        body = json.dumps(document).encode()
        if self.dice.random() < 0.05:
            body = mutated(body, [body], self.dice)
        self.answers.append(body)
        return Response(status, body, {"Content-Type": self.dice.choice(_TYPES)})

    def _changed(self, node: Any) -> Any:  # noqa: ANN401 - JSON
        """Replace, remove or repeat something in a document."""
        if isinstance(node, dict) and node and self.dice.random() < 0.8:
            key = self.dice.choice(list(node))
            if self.dice.random() < 0.1:
                return {name: value for name, value in node.items() if name != key}
            return {**node, key: self._changed(node[key])}
        if isinstance(node, list) and node and self.dice.random() < 0.8:
            at = self.dice.randrange(len(node))
            if self.dice.random() < 0.2:
                return [*node[:at], node[at], *node[at:]]
            return [*node[:at], self._changed(node[at]), *node[at + 1 :]]
        return self.dice.choice(_ODD)

    def _audit(self) -> None:
        assert self.specs.model
        service = self.dice.choice(self.specs.model.services)
        api = PrometheusApi(self._connection(partial(prometheus, list(service.metrics))))
        found = audit(ServerSource(api, service), service, self.specs.model)
        audit_report.as_json([found])
        "".join(audit_report.as_text([found], {}))

    def _exposition(self) -> None:
        assert self.specs.model
        service = self.specs.model.services[0]
        text = (
            ROOT / "tests/audit/cases" / self.dice.choice(("as-declared", "openmetrics")) / "exposition.txt"
        ).read_bytes()
        for _ in range(self.dice.randrange(1, _MOST_CHANGES)):
            text = mutated(text, [text], self.dice)
        self.answers.append(text)
        parsed = parse_exposition(Fetched("fuzz", text.decode(errors="replace"), self.dice.choice(_TYPES)))
        found = audit(exposed_source(parsed, service), service, self.specs.model)
        "".join(audit_report.as_text([found], {}))

    def _replay(self) -> None:
        assert self.specs.model
        model = self.specs.model
        groups = rule_set(model.services, model.library, model.site).groups
        about = replay_subject(alerting_by_service(model.services[:1], model.library, model.site), groups)
        chosen = self.dice.sample(about.rules, 3)
        about = type(about)(about.services, tuple(chosen), about.recording)
        order = Order(
            about, self.specs.model.site, START, END, self.dice.choice((RecordSource.AUTO, RecordSource.READ))
        )
        api = PrometheusApi(self._connection(partial(prometheus, ["agent_run_total"])))
        found = report(replay(order, WorkerPool((api,), lambda *_: None)))
        formats.as_json(found)
        "".join(formats.as_text(found))
        if self.dice.random() < 0.1:
            page(found)

    def _record(self) -> None:
        assert self.specs.model
        model = self.specs.model
        groups = rule_set(model.services, model.library, model.site).groups[:2]
        evaluate(PrometheusApi(self._connection(partial(prometheus, ["x"]))), groups, START, END)

    def _apply(self) -> None:
        options = Options(dry_run=self.dice.random() < 0.5, prune=self.dice.random() < 0.5)
        apply_to_grafana(
            GrafanaApi(self._connection(grafana)), read_output(ROOT / "output"), options, lambda _: None
        )

    def _reload(self) -> None:
        server = PrometheusApi(self._connection(partial(prometheus, ["x"])))
        waiting = Waiting(0, sleep=lambda _: None)
        apply_to_prometheus(
            server,
            read_output(ROOT / "output"),
            lambda _: None,
            dry_run=self.dice.random() < 0.5,
            waiting=waiting,
        )


def prometheus(names: list[str], place: str, fields: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Answer as a Prometheus would that has these series."""
    path = place.partition(" ")[2]
    if path == "/api/v1/query_range":
        series: list[dict[str, Any]]
        times = [START, START + 60, START + 120]
        series = [
            {"metric": {"__name__": name, "service": "support-agent"}, "values": [[at, "1"] for at in times]}
            for name in names
        ]
        result = (
            [{"metric": {}, "values": [[float(fields["end"]), "1"]]}]
            if fields.get("query") == "vector(1)"
            else series
        )
        return _good({"resultType": "matrix", "result": result})
    if path == "/api/v1/query":
        labels = {"tool": "search", "model": "gpt-4o", "le": "100", "status": "ok", "job": "support-agent"}
        series = [{"metric": {"__name__": name, **labels}, "value": [START, "3"]} for name in names]
        return _good({"resultType": "vector", "result": series})
    if path == "/api/v1/labels":
        return _good(["__name__", "tool", "model", "status", "le", "job", "instance", "new"])
    if path == "/api/v1/metadata":
        return _good({name: [{"type": "counter", "unit": "", "help": "x"}] for name in names})
    if path == "/api/v1/rules":
        alert = {
            "state": "firing",
            "labels": {},
            "annotations": {},
            "value": "1e+00",
            "activeAt": "2026-03-20T00:00:00Z",
        }
        rule = {
            "type": "alerting",
            "name": "A",
            "query": "x > 0",
            "health": "ok",
            "labels": {},
            "alerts": [alert],
            "duration": 60,
        }
        group = {"name": "g", "file": "/x/agent-run.rules.yml", "interval": 60, "rules": [rule]}
        return _good({"groups": [group]})
    return _good(["a", "b"])


def _good(data: Any) -> Any:  # noqa: ANN401 - JSON
    return {"status": "success", "data": data, "warnings": ["w"]}


def grafana(place: str, _fields: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Answer as a Grafana would that has everything, a little different."""
    path = place.partition(" ")[2]
    if path.startswith("/api/folders"):
        return {"uid": "agent-metrics", "title": "Agents"}
    if path == "/api/search":
        return [{"uid": "agent-old", "title": "Old", "folderUid": "agent-metrics"}]
    if path == "/api/dashboards/db":
        return {"version": 2}
    dashboard = {
        "uid": path.rpartition("/")[2],
        "title": "T",
        "version": 1,
        "tags": ["agent-metrics"],
        "panels": [{"id": 1}],
    }
    return {
        "dashboard": dashboard,
        "meta": {"folderUid": "agent-metrics", "folderTitle": "Agents", "provisioned": False},
    }
