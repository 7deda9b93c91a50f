"""The servers that a command talks to: addresses from the call, credentials from the environment alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from generator.commands.span import length
from generator.live.address import check_address
from generator.live.api import connect
from generator.live.credentials import credentials

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi
    from generator.live.credentials import Credentials


def identified(url: str, server: str) -> tuple[Credentials, str]:
    """Say who we are to ``server`` (``PROMETHEUS``, ``EXPOSITION``), and return its address, checked.

    Raises:
        LiveError: ``url`` is no address of a server, or holds credentials, or those of the environment are none.
    """
    return credentials(server, os.environ), check_address(url, server)


def prometheus(url: str, timeout: str) -> PrometheusApi:
    """Address the Prometheus at ``url``; nothing is sent yet. ``timeout`` is as ``--timeout`` gives it.

    Raises:
        LiveError: ``url`` is no address of a server, or holds credentials.
        CallError: ``timeout`` is no duration.
    """
    who, address = identified(url, "PROMETHEUS")
    return connect(address, timeout=length(timeout), credentials=who)
