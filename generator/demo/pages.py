"""The generated dashboards as pages of our own, for machines without Docker: simpler than in Grafana."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from msgspec import Struct

from generator import templates
from generator.demo.panels import Window, drawn
from generator.live.errors import LiveError
from generator.model.names import DASHBOARDS, SERVICE
from generator.model.units import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.demo.panels import Answer, Json
    from generator.live.api import PrometheusApi

_HOURS = {"1h": HOUR, "6h": 6 * HOUR, "24h": DAY}
_USUAL = "6h"
_POINTS, _STEP = 240, 15.0
_VARIABLE = re.compile(r"\$(?:\{([a-z_]+)\}|([a-z_]+))")
_VALUES_OF = re.compile(r"label_values\((.+), *([a-z_]+)\)", re.DOTALL)
_ANY = ".+"


class Pages(Struct, frozen=True):
    """The dashboards, by uid, of a service that a Prometheus watches."""

    api: PrometheusApi
    service: str
    dashboards: Mapping[str, Json]

    def page(self, uid: str, span: str) -> str | None:
        """Draw a dashboard over a span of ``_HOURS``; None where the dashboard does not exist."""
        dashboard = self.dashboards.get(uid)
        if dashboard is None:
            return None
        end = time.time()
        seconds = _HOURS.get(span, _HOURS[_USUAL])
        window = Window(end - seconds, end, max(_STEP, seconds / _POINTS))
        template = templates.template_environment(Path(__file__).parent, autoescape=True).get_template(
            "board.html.j2"
        )
        return template.render(
            board=dashboard,
            boards=self.dashboards.values(),
            service=self.service,
            span=span if span in _HOURS else _USUAL,
            spans=tuple(_HOURS),
            panels=[(panel, self._drawn(panel, window)) for panel in self.panels(dashboard)],
        )

    def panels(self, dashboard: Json) -> Iterator[Json]:
        """Yield the panels; a repeated one comes once for each value of its variable."""
        for panel in dashboard["panels"]:
            values = self._values(dashboard, panel["repeat"]) if "repeat" in panel else ()
            for count, value in enumerate(values):
                yield _repeated(panel, str(panel["repeat"]), value, count, len(values))
            if not values:
                yield panel if "repeat" not in panel else {**panel, "title": "Own signals"}

    def _values(self, dashboard: Json, variable: str) -> list[str]:
        query = next(each["query"] for each in dashboard["templating"]["list"] if each["name"] == variable)
        match = _VALUES_OF.fullmatch(query)
        if not match:
            return []
        expr = f"group by ({match[2]}) ({self._filled(match[1])})"
        with suppress(LiveError):
            return sorted(sample.labels[match[2]] for sample in self.api.query(expr, time.time()))
        return []

    def _drawn(self, panel: Json, window: Window) -> Markup:
        if panel["type"] == "row":
            return Markup()
        try:
            return drawn(panel, partial(self.answer, window), window)
        except LiveError as problem:
            return Markup('<p class="nothing">{}</p>').format(str(problem))

    def answer(self, window: Window, target: Json) -> Answer:
        """Query a target of a panel."""
        expr = self._filled(target["expr"], window)
        if target.get("instant"):
            samples = self.api.query(expr, window.end)
            return [(each.labels, {window.end: each.value}) for each in samples]
        result = self.api.query_range(expr, window.start, window.end, window.step)
        return [(each.labels, dict(zip(each.timestamps, each.values, strict=True))) for each in result.series]

    def _filled(self, expr: str, window: Window | None = None) -> str:
        """Fill in the variables: this service, and any value for all others."""
        return _VARIABLE.sub(lambda match: self._value(match[1] or match[2], window), expr)

    def _value(self, variable: str, window: Window | None) -> str:
        """Fill in a variable: Grafana's own ones are durations that depend on a window."""
        durations = {
            "__interval": window.step if window else _STEP,
            "__range": window.end - window.start if window else _HOURS[_USUAL],
        }
        if variable in durations:
            return f"{max(1, round(durations[variable]))}s"
        return self.service if variable == SERVICE else _ANY


def _repeated(panel: Json, variable: str, value: str, count: int, of: int) -> Json:
    """Make the panel of one value, beside those of the others, with the panel's number in a row."""
    filled = json.loads(json.dumps(panel).replace(f"${{{variable}}}", value).replace(f"${variable}", value))
    in_row = min(of, int(panel.get("maxPerRow", 4)))
    place = panel["gridPos"]
    width = place["w"] // in_row
    row, column = divmod(count, in_row)
    filled["gridPos"] = {**place, "w": width, "x": column * width, "y": place["y"] + row * place["h"]}
    return dict(filled)


@contextmanager
def served(api: PrometheusApi, service: str, dashboards: Iterable[str]) -> Iterator[str]:
    """Serve the pages on 127.0.0.1 until the block ends, and yield their address.

    Args:
        api: The Prometheus that watches the service.
        service: Its name.
        dashboards: The JSON of each.
    """
    by_uid = {str(each["uid"]): each for each in map(json.loads, dashboards)}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, Pages(api, service, by_uid)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers ``/d/<uid>`` and ``/d/<uid>/<span>``; anything else leads to the overview."""

    def __init__(self, pages: Pages, *arguments: Any) -> None:  # noqa: ANN401 - of a handler
        self._pages = pages
        super().__init__(*arguments)

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        uid, span = (*parts[1:], "", "")[:2] if parts[0] == "d" else ("", "")
        text = self._pages.page(uid, span)
        if text is None:
            self.send_response(302)
            self.send_header("Location", f"/d/{DASHBOARDS['overview']}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # the reader has gone on
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no log."""
