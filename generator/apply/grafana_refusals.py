"""What a status of Grafana's means, and what to do about it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from generator.apply.errors import ApplyError, UncertainError

if TYPE_CHECKING:
    from generator.live.transport import Response

_PERMISSIONS = (
    "its account needs the role Editor, or these permissions: folders:read, folders:create, dashboards:read,"
    " dashboards:create, dashboards:write, and dashboards:delete for --prune"
)
_HELP: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "set AGENT_METRICS_GRAFANA_TOKEN to the token of a service account of this Grafana, one"
    " that has not expired",
    HTTPStatus.FORBIDDEN: _PERMISSIONS,
    HTTPStatus.NOT_FOUND: "is this a Grafana? its address ends with its sub-path, if it has any",
    HTTPStatus.CONFLICT: "a folder of that title has another uid: give that with --folder; it is the part after"
    " /dashboards/f/ in the folder's address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "a proxy before Grafana takes no larger requests: raise its limit",
    HTTPStatus.TOO_MANY_REQUESTS: "run again later",
}
_HELP_OF_412 = {
    "version-mismatch": "somebody saved it meanwhile: look at it with --dry-run, then run again",
    "name-exists": "another dashboard of the folder has its title: rename that one, then run again",
    "plugin-dashboard": "it belongs to a plugin: delete it there, then run again",
}


def refusal(response: Response, doing: str) -> ApplyError:
    """Say what a status other than success means; ``doing`` is what was asked for, such as ``save "x"``.

    Returns:
        An UncertainError where the request may have been carried out all the same.
    """
    reason, kind = _said(response)
    message = f"Grafana does not {doing}: HTTP {response.status}: {reason}"
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return ApplyError(message, _elsewhere(response))
    if response.status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
        return UncertainError(message, _HELP_OF_412.get(kind, _HELP.get(response.status, "")))
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UncertainError(message, "look into Grafana's log, then run again")
    return ApplyError(message, _HELP.get(response.status, ""))


def _said(response: Response) -> tuple[str, str]:
    """Return Grafana's message and its kind of refusal; a proxy's first line has no kind."""
    try:
        document = json.loads(response.body)
        return str(document["message"])[:300], str(document.get("status", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return response.text, ""


def _elsewhere(response: Response) -> str:
    # What follows the path may hold a token of some proxy's.
    location = response.headers.get("Location", "").partition("?")[0]
    return f"it leads to {location}: give the address that answers itself" if location else ""
