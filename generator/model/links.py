"""Addresses of logs and traces, with the known values filled in."""

from __future__ import annotations

SERVICE = "{service}"
RELEASE = "{release}"


def fill_in(address: str, service: str, release: str | None) -> str:
    """Fill a service and a release, as its reader writes them, into an address.

    Without a release, a parameter that is only the release is dropped from the query and the fragment, since it would
    look for runs without one. Elsewhere the release becomes empty.
    """
    if release is None:
        page, *fragments = address.split("#")
        address = "#".join([_without_release(page), *map(_of_fragment, fragments)])
    return address.replace(SERVICE, service).replace(RELEASE, release or "")


def _of_fragment(part: str) -> str:
    """Read a fragment as a query if it is written as one."""
    is_query = "?" not in part and all("=" in parameter for parameter in part.split("&"))
    return _without_release(f"?{part}").removeprefix("?") if is_query else _without_release(part)


def _without_release(part: str) -> str:
    before, mark, query = part.partition("?")
    kept = [parameter for parameter in query.split("&") if parameter.partition("=")[2] != RELEASE]
    return f"{before}{mark}{'&'.join(kept)}" if kept else before
