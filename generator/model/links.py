"""Addresses of logs and traces, with what is known filled in."""

from __future__ import annotations

SERVICE = "{service}"
RELEASE = "{release}"


def filled(address: str, service: str, release: str | None) -> str:
    """Fill an address with how its reader writes a service and a release.

    Where there is no release, a parameter that is nothing else is left out, in the query and in the fragment: it would
    look for runs without one. Elsewhere there is nothing in its place.
    """
    if release is None:
        address = "#".join(map(_without_release, address.split("#")))
    return address.replace(SERVICE, service).replace(RELEASE, release or "")


def _without_release(part: str) -> str:
    before, mark, query = part.partition("?")
    kept = [parameter for parameter in query.split("&") if parameter.partition("=")[2] != RELEASE]
    return f"{before}{mark}{'&'.join(kept)}" if kept else before
