"""A small Grafana: folders, dashboards with versions and a search, by its documented HTTP API, on 127.0.0.1.

A save names the version that it replaces, and is refused with 412 on any other. ``faults`` makes requests fail.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.http_servers import Handler, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "glsa_tOkEn4711"  # noqa: S105 - this server's own
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Request:
    """A request."""

    method: str
    path: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class GrafanaFault:
    """A fault for ``times`` matching requests, instead of or after carrying them out."""

    matches: Callable[[Request], bool]
    status: int = 500
    body: bytes = b'{"message": "oops"}'
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1_000
    carried_out: bool = False
    promised: int | None = None
    silent: bool = False


@dataclass
class Saved:
    """A dashboard: its JSON, the folder's uid, and the messages of its versions."""

    json: dict[str, Any]
    folder: str
    messages: list[str]
    provisioned: bool = False


@dataclass
class Grafana:
    """The state, which tests may read and change, and ``log``, the requests that arrived."""

    url: str = ""
    folders: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, Saved] = field(default_factory=dict)
    faults: list[GrafanaFault] = field(default_factory=list)
    log: list[Request] = field(default_factory=list)

    def put(self, dashboard: dict[str, Any], folder: str, *, provisioned: bool = False) -> None:
        """Add a dashboard, as if somebody had saved it."""
        stored = deepcopy(dashboard) | {"id": len(self.dashboards) + 1, "version": 1}
        self.folders.setdefault(folder, folder)
        self.dashboards[dashboard["uid"]] = Saved(stored, folder, ["by hand"], provisioned)

    def edit(self, uid: str, **changes: object) -> None:
        """Change a dashboard as somebody does in the browser."""
        saved = self.dashboards[uid]
        saved.json |= {**changes, "version": saved.json["version"] + 1}
        saved.messages.append("by hand")

    def versions(self) -> dict[str, int]:
        """Return the version of each dashboard."""
        return {uid: saved.json["version"] for uid, saved in self.dashboards.items()}

    def writes(self) -> list[str]:
        """Return the requests that would change something."""
        return [str(one) for one in self.log if one.method != "GET"]

    def answer(self, request: Request, authorization: str) -> Answer:
        """Carry out a request."""
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Unauthorized"}
        url = urlsplit(request.path)
        *above, last = [unquote(part) for part in url.path.strip("/").split("/")]
        match above, last, request.method:
            case ["api", "folders"], uid, "GET":
                answer = self._folder(uid)
            case ["api"], "folders", "POST":
                answer = self._create_folder(request.body)
            case ["api", "dashboards", "uid"], uid, "GET":
                answer = self._dashboard(uid)
            case ["api", "dashboards", "uid"], uid, "DELETE":
                answer = self._delete(uid)
            case ["api", "dashboards"], "db", "POST":
                answer = self._save(request.body)
            case ["api"], "search", "GET":
                answer = self._search(parse_qs(url.query))
            case _:
                answer = 404, {"message": "Not found"}
        return answer

    def _folder(self, uid: str) -> Answer:
        if uid not in self.folders:
            return 404, {"message": "folder not found", "status": "not-found"}
        return 200, {"uid": uid, "title": self.folders[uid], "id": 1, "version": 1}

    def _create_folder(self, body: dict[str, str]) -> Answer:
        if body["uid"] in self.folders or body["title"] in self.folders.values():
            return 409, {"message": "a folder with the same name already exists"}
        self.folders[body["uid"]] = body["title"]
        return 200, {"uid": body["uid"], "title": body["title"]}

    def _dashboard(self, uid: str) -> Answer:
        if uid not in self.dashboards:
            return 404, {"message": "Dashboard not found"}
        saved = self.dashboards[uid]
        folder = {"folderUid": saved.folder, "folderTitle": self.folders.get(saved.folder, "General")}
        return 200, {"dashboard": saved.json, "meta": {**folder, "provisioned": saved.provisioned}}

    def _delete(self, uid: str) -> Answer:
        if self.dashboards.pop(uid, None) is None:
            return 404, {"message": "Dashboard not found"}
        return 200, {"message": "Dashboard deleted"}

    def _save(self, body: dict[str, Any]) -> Answer:
        uid, sent = body["dashboard"]["uid"], body["dashboard"]
        if body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        old = self.dashboards.get(uid)
        if old and old.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if old and sent["version"] != old.json["version"] and not body["overwrite"]:
            return 412, {
                "message": "The dashboard has been changed by someone else",
                "status": "version-mismatch",
            }
        version = old.json["version"] + 1 if old else 1
        number = old.json["id"] if old else len(self.dashboards) + 1
        messages = [*(old.messages if old else ()), body["message"]]
        self.dashboards[uid] = Saved({**sent, "id": number, "version": version}, body["folderUid"], messages)
        return 200, {"id": number, "uid": uid, "status": "success", "version": version}

    def _search(self, query: dict[str, list[str]]) -> Answer:
        (tag,), (limit,), (page,) = query["tag"], query["limit"], query["page"]
        found = [
            {"uid": uid, "title": saved.json["title"], "type": "dash-db", "folderUid": saved.folder}
            for uid, saved in self.dashboards.items()
            if tag in saved.json["tags"]
        ]
        start = (int(page) - 1) * int(limit)
        return 200, found[start : start + int(limit)]


@contextmanager
def serving(grafana: Grafana) -> Iterator[None]:
    """Serve at ``grafana.url``."""

    class GrafanaHandler(Handler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet

        def handle_body(self, body: bytes) -> None:
            request = Request(self.command, self.path, json.loads(body) if body else None)
            grafana.log.append(request)
            fault = next((one for one in grafana.faults if one.times > 0 and one.matches(request)), None)
            if fault is None:
                status, document = grafana.answer(request, self.headers.get("Authorization", ""))
                self.answer(status, json.dumps(document).encode())
                return
            fault.times -= 1
            if fault.carried_out:
                grafana.answer(request, self.headers.get("Authorization", ""))
            if fault.silent:
                self.close_connection = True
                return
            headers = fault.headers
            if fault.promised is not None:
                headers = {**headers, "Content-Length": str(fault.promised)}
            self.answer(fault.status, fault.body, headers)
            self.close_connection = fault.promised is not None

    with served(GrafanaHandler) as url:
        grafana.url = url
        yield
