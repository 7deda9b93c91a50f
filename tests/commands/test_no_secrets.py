"""An address with a password is refused by every command, and repeated by none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls

COMMANDS = {
    "replay": ("replay", "specs", "--last", "1h", "--prometheus"),
    "simulate": ("simulate", "specs", "--last", "1h", "--prometheus"),
    "audit": ("audit", "specs", "--prometheus"),
    "exposition": ("audit", "specs", "--exposition"),
}
ADDRESSES = (
    "https://admin:pw1234@host",
    "admin:pw1234@host:9090/metrics",
    "https://token-pw1234@host/metrics?x=1",
    "ftp://admin:pw1234@h",
    "http://pw1234@[::1",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_address_with_a_password_is_refused_and_not_repeated(
    place: Path, call: CommandCalls, command: str, address: str
) -> None:
    assert (place / "specs").is_dir()
    answer = call(*COMMANDS[command], address)
    assert answer.code == 2
    assert "pw1234" not in answer.out + answer.err
    assert "in the environment" in answer.err


def test_a_file_may_have_an_at_sign_in_its_name(place: Path, call: CommandCalls) -> None:
    (place / "a@b.txt").write_text("# TYPE x_total counter\nx_total 1\n", "utf-8")
    assert call("audit", "specs", "--exposition", "a@b.txt").code in {0, 1}
