"""The Prometheus that a command talks to: an address from the call, a credential from the environment alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from generator.apply.address import check_address
from generator.apply.credentials import credentials
from generator.apply.errors import ApplyError
from generator.commands.call_error import CallError
from generator.live.api import connect

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi


def prometheus(url: str) -> PrometheusApi:
    """Address the Prometheus at ``url``; nothing is sent yet.

    Raises:
        CallError: ``url`` is no address of a server, or holds credentials.
    """
    try:
        who = credentials("PROMETHEUS", os.environ)
        return connect(check_address(url, "PROMETHEUS"), headers=who.headers)
    except ApplyError as problem:
        raise CallError(problem.message, problem.help) from problem
