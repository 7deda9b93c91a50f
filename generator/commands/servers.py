"""The servers that a command talks to: addresses from the call, credentials from the environment alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from generator.apply.address import check_address
from generator.apply.credentials import credentials
from generator.apply.errors import ApplyError
from generator.commands.call_error import CallError
from generator.live.api import connect

if TYPE_CHECKING:
    from generator.apply.credentials import Credentials
    from generator.live.api import PrometheusApi


def identified(url: str, server: str) -> tuple[Credentials, str]:
    """Say who we are to ``server`` (``PROMETHEUS``, ``EXPOSITION``), and return its address, checked.

    Raises:
        CallError: ``url`` is no address of a server, or holds credentials, or those of the environment are none.
    """
    try:
        return credentials(server, os.environ), check_address(url, server)
    except ApplyError as problem:
        raise CallError(problem.message, problem.help) from problem


def prometheus(url: str) -> PrometheusApi:
    """Address the Prometheus at ``url``; nothing is sent yet.

    Raises:
        CallError: ``url`` is no address of a server, or holds credentials.
    """
    who, address = identified(url, "PROMETHEUS")
    return connect(address, headers=who.headers)
