"""Print the vulnerabilities of pinned packages: ``pip-audit --format json ... | python -m tests.vulnerabilities``.

Exit status 0 where every package was looked up and has none, 1 where one has some, 2 where a package could not be
looked up, so that its result means nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from msgspec import Struct, json

if TYPE_CHECKING:
    from collections.abc import Iterator


class Known(Struct):
    """A vulnerability: its name, and the releases that do not have it."""

    id: str
    fix_versions: tuple[str, ...] = ()


class Package(Struct):
    """A package, and its known vulnerabilities; for a skipped one, the reason."""

    name: str
    version: str = ""
    vulns: tuple[Known, ...] = ()
    skip_reason: str = ""


class PipAudit(Struct):
    """The output of pip-audit."""

    dependencies: tuple[Package, ...]


def main() -> int:
    """Read the output of pip-audit, and print it by package."""
    packages = json.decode(sys.stdin.buffer.read(), type=PipAudit).dependencies
    sys.stdout.writelines(lines(packages))
    if any(one.vulns for one in packages):
        return 1
    return 2 if not packages or any(one.skip_reason for one in packages) else 0


def lines(packages: tuple[Package, ...]) -> Iterator[str]:
    """Write a line for each package, and one for all."""
    for one in packages:
        yield f"{one.name} {one.version}".strip() + f": {_known(one)}\n"
    skipped = sum(bool(one.skip_reason) for one in packages)
    known = sum(len(one.vulns) for one in packages)
    yield f"{len(packages) - skipped} of {len(packages)} packages were looked up; vulnerabilities known: {known}\n"


def _known(package: Package) -> str:
    if package.skip_reason:
        return f"NOT LOOKED UP: {package.skip_reason}"
    if not package.vulns:
        return "looked up, nothing is known"
    return "VULNERABLE: " + "; ".join(
        f"{one.id}, mended in {' or '.join(one.fix_versions) or 'no release'}" for one in package.vulns
    )


if __name__ == "__main__":
    sys.exit(main())
