"""Our dashboards: those in our folder, with our tag, and with a uid of the form of generated dashboards.

A saved copy keeps the folder and may keep the tag, but gets another uid, so it is never ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.names import GRAFANA_TAG

if TYPE_CHECKING:
    from generator.apply.grafana_answers import Found

_PREFIX = "agent-"


class Fault(Struct, frozen=True):
    """A dashboard that must not be changed: the reason, and a way out."""

    uid: str
    reason: str
    help: str


def is_ours_by_uid(uid: str) -> bool:
    """Whether a generated dashboard could have this uid."""
    return uid.startswith(_PREFIX)


def fault(has: Found, folder: str, *, differs: bool) -> Fault | None:
    """Return the reason why the dashboard at one of our uids must not be changed, or None.

    Args:
        has: Grafana's dashboard.
        folder: the uid of our folder.
        differs: whether it would change.
    """
    if has.is_folder:
        return Fault(has.uid, "is a folder", "give that folder another uid, or delete it")
    if GRAFANA_TAG not in has.tags:
        way = f'save it under another uid and delete this one; if it is ours, give it back the tag "{GRAFANA_TAG}"'
        return Fault(
            has.uid, f'("{has.title}") has no tag "{GRAFANA_TAG}", so it was not made by agent-metrics', way
        )
    if has.provisioned and (differs or has.folder != folder):
        way = "replace the files that Grafana provisions it from, or take them out of its provisioning"
        return Fault(has.uid, f'("{has.title}") is provisioned from files, which the API cannot change', way)
    if has.folder != folder:
        place = f'the folder "{has.folder_title or has.folder}"' if has.folder else "no folder"
        way = f"move it to the folder with the uid {folder}" + (
            f", or apply with --folder {has.folder}" * bool(has.folder)
        )
        return Fault(has.uid, f'("{has.title}") is in {place}', way)
    return None
