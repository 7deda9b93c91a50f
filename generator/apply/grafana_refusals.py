"""The meaning of Grafana's statuses, and the help for each."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import printable, shortened
from generator.live.answers import decoded
from generator.live.errors import LiveError, UncertainError

if TYPE_CHECKING:
    from generator.live.response import Response

_PERMISSIONS = (
    "its account needs the role Editor, or these permissions: folders:read, folders:create, dashboards:read,"
    " dashboards:create, dashboards:write, and dashboards:delete for --prune"
)
_HELP: dict[int, str] = {
    HTTPStatus.FORBIDDEN: _PERMISSIONS,
    HTTPStatus.CONFLICT: "a folder of that title has another uid: give that with --folder; it is the part after"
    " /dashboards/f/ in the folder's address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "a proxy before Grafana takes no larger requests: raise its limit",
}
_HELP_OF_412 = {
    "version-mismatch": "somebody saved it meanwhile: look at it with --dry-run, then run again",
    "name-exists": "another dashboard of the folder has its title: rename that one, then run again",
    "plugin-dashboard": "it belongs to a plugin: delete it there, then run again",
}


def refusal(response: Response, doing: str, general: str) -> LiveError:
    """Describe a status other than success.

    Args:
        response: the answer.
        doing: the request, such as ``save "x"``.
        general: the help for its status with any server.

    Returns:
        An UncertainError where the request may have been carried out nevertheless.
    """
    said = _read(response)
    reason = f"HTTP {response.status}: {said.message}" if said.message else response.reason
    message = printable(f"Grafana does not {doing}: {reason}")
    help_ = _HELP.get(response.status) or general
    if response.status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
        return UncertainError(message, _HELP_OF_412.get(said.status, help_))
    uncertain = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return (UncertainError if uncertain else LiveError)(message, help_)


class _Said(Struct):
    """Grafana's message and its kind of refusal; a proxy's page has neither."""

    message: str = ""
    status: str = ""


def _read(response: Response) -> _Said:
    if response.leads_to:
        return _Said()
    try:
        said = decoded(response.body, _Said, "a refusal")
    except LiveError:
        return _Said()
    return _Said(shortened(said.message, 300), said.status)
