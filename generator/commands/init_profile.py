"""``init --profile``: a copy of a shipped profile, to declare in it what the shipped one lacks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.exit_codes import CALL_AT_FAULT, OK
from generator.commands.first_files import shipped_text, write_new
from generator.commands.terminal import complain
from generator.diagnostics.suggest import did_you_mean
from generator.spec.files import shipped_profiles

if TYPE_CHECKING:
    from pathlib import Path


def copy_profile(name: str, specs: Path) -> int:
    """Write it into the specs; services that name the profile use the copy from then on."""
    known = [path.stem for path in shipped_profiles()]
    if name not in known:
        complain(f'there is no shipped profile "{name}"', did_you_mean(name, known, "shipped profiles"))
        return CALL_AT_FAULT
    place = specs / "profiles" / f"{name}.yaml"
    if place.exists():
        complain(f"{place} exists", "edit the file")
        return CALL_AT_FAULT
    if not write_new({place: shipped_text(f"profiles/{name}.yaml", "../.schemas")}, specs):
        return CALL_AT_FAULT
    sys.stdout.write(f"next: edit it; services with profile: {name} use it in place of the shipped one\n")
    return OK
