"""Jinja's environments, each with the templates of one directory, which are compiled once as modules are.

The compiled ones are beside them in ``__pycache__``: compiling them takes longer than filling them.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from generator.fingerprint import fingerprint

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


def template_environment(templates: Path, *, autoescape: bool, **options: Any) -> Environment:  # noqa: ANN401 - as Jinja has them
    """Make the environment of the templates in a directory; an undefined name in one is an error."""
    return Environment(
        loader=FileSystemLoader(templates),
        bytecode_cache=_beside(templates),
        autoescape=autoescape,  # noqa: S701 - whoever asks knows what the templates are of
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _beside(templates: Path) -> _Compiled:
    """Find the place for compiled templates; as with modules, existing ones are used even where none can be added."""
    folder = Path(cache_from_source(str(templates / "of.py"))).parent
    if not sys.dont_write_bytecode:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
    return _Compiled(str(folder), f"%s.{sys.implementation.cache_tag}.j2c")


class _Compiled(FileSystemBytecodeCache):
    """A cache that includes filters and options in the key of a template, and that tolerates a full disk."""

    def get_source_checksum(self, source: str) -> str:
        """Hash a template together with the versions of the compiler, Jinja and Python."""
        return sha256(f"{_compiler()}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load a compiled template; a damaged one is compiled again."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001 - a damaged file can raise whatever it likes
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, if possible and if Python keeps compiled modules too."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


_compiler = cache(fingerprint)
