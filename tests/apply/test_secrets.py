"""No token and no password is ever shown, after any failure."""

from __future__ import annotations

import traceback
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from generator.commands.values import check_address
from generator.live.credentials import credentials
from generator.live.errors import LiveError
from tests.apply.grafana import TOKEN, Grafana, GrafanaFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.conftest import Applying

PASSWORD = "pa:ss wörd"  # noqa: S105 - no real one
BASIC = b64encode(f"admin:{PASSWORD}".encode()).decode()
GRAFANA_TOKEN = "AGENT_METRICS_GRAFANA_TOKEN"  # noqa: S105 - a name
ECHO = f'{{"message": "no such header: Bearer {TOKEN} Basic {BASIC} {PASSWORD}"}}'.encode()
LONG_ECHO = b'{"message": "' + b"x" * 290 + TOKEN.encode() + b'"}'


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 409, 412, 429, 500, 503])
@pytest.mark.parametrize("body", [ECHO, LONG_ECHO, f"not JSON: {TOKEN}".encode()])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_repeats_the_token_does_not_make_us_show_it(
    applying: Applying, grafana: Grafana, status: int, body: bytes, method: str
) -> None:
    headers = {"Retry-After": "0", "Location": f"/{TOKEN}"}
    grafana.faults.append(
        GrafanaFault(lambda one: one.method == method, status=status, body=body, headers=headers)
    )
    with pytest.raises(LiveError) as caught:
        applying()
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.help + "".join(applying.said)
    assert TOKEN[:6] not in shown
    assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize("server", ["--grafana", "--prometheus"])
def test_the_command_shows_no_token_when_a_server_does(
    applying: Applying,
    answering: Callable[..., str],
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in ("GRAFANA", "PROMETHEUS"):
        monkeypatch.setenv(f"AGENT_METRICS_{name}_TOKEN", TOKEN)
    assert main(["apply", "-o", str(applying.output), server, answering(403, ECHO)]) == 2
    out, err = capfd.readouterr()
    assert "HTTP 403" in err
    assert "***" in err
    assert TOKEN not in out + err


@pytest.mark.parametrize("server", ["--grafana", "--prometheus"])
@pytest.mark.parametrize(
    "address",
    ["https://admin:pw1234@host", "admin:pw1234@host", "ftp://admin:pw1234@h", "http://pw1234@[::1"],
)
def test_an_address_with_a_password_is_refused_with_the_reason_and_not_repeated(
    applying: Applying, server: str, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", "-o", str(applying.output), server, address]) == 2
    out, err = capfd.readouterr()
    assert "process lists" in err
    assert "in the environment" in err
    assert "pw1234" not in out + err


@pytest.mark.parametrize(
    "address", ["", "host:3000", "ftp://host", "http://", "http://h?key=pw1234", "http://h/#x"]
)
def test_what_is_no_address_of_a_server_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(LiveError, match="the address of Grafana is not one of a server") as caught:
        check_address(address, "GRAFANA")
    assert "pw1234" not in str(caught.value) + caught.value.help


@pytest.mark.parametrize("address", ["host:9009", "http://admin:pw1234@host"])
def test_a_server_without_a_name_is_called_what_it_is(address: str) -> None:
    with pytest.raises(LiveError, match="the address of the ruler "):
        check_address(address, "RULER")


def test_an_address_may_have_a_path() -> None:
    assert check_address("https://example.com/grafana/", "GRAFANA") == "https://example.com/grafana"


@pytest.mark.parametrize("token", ["two words", "to\nken", "tök", "a\x00b", "a\tb"])
def test_a_token_that_can_be_none_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(LiveError, match="has characters that no token may have") as caught:
        credentials("GRAFANA", {GRAFANA_TOKEN: token})
    assert token not in str(caught.value) + caught.value.help


def test_the_line_end_of_a_mounted_secret_is_no_part_of_the_token() -> None:
    assert credentials("GRAFANA", {GRAFANA_TOKEN: f"{TOKEN}\n"}).headers == {
        "Authorization": f"Bearer {TOKEN}"
    }


def test_without_any_variable_nothing_is_sent() -> None:
    assert credentials("GRAFANA", {}).headers == {}
    assert credentials("GRAFANA", {GRAFANA_TOKEN: ""}).headers == {}


def test_credentials_that_a_server_refuses_are_not_asked_for_again() -> None:
    """A token that may only read needs another permission: setting it again would change nothing."""
    none, token, user = (
        credentials("RULER", given).login
        for given in (
            {},
            {"AGENT_METRICS_RULER_TOKEN": TOKEN},
            {"AGENT_METRICS_RULER_USER": "me", "AGENT_METRICS_RULER_PASSWORD": TOKEN},
        )
    )
    assert none.startswith("set AGENT_METRICS_RULER_TOKEN, or AGENT_METRICS_RULER_USER")
    assert token.startswith("see that AGENT_METRICS_RULER_TOKEN in the environment is right")
    assert "allows this" in token
    assert "AGENT_METRICS_RULER_USER and AGENT_METRICS_RULER_PASSWORD in the environment" in user


def test_a_user_and_a_password_are_sent_as_utf_8() -> None:
    environment = {"AGENT_METRICS_GRAFANA_USER": "admin", "AGENT_METRICS_GRAFANA_PASSWORD": PASSWORD}
    known = credentials("GRAFANA", environment)
    assert known.headers == {"Authorization": f"Basic {BASIC}"}
    assert known.hide(f"{BASIC} and {PASSWORD}") == "*** and ***"


@pytest.mark.parametrize("given", [{"USER": "a"}, {"PASSWORD": "b"}, {"USER": "a:b", "PASSWORD": "c"}])
def test_half_a_login_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(LiveError, match="go together"):
        credentials("GRAFANA", {f"AGENT_METRICS_GRAFANA_{part}": value for part, value in given.items()})


def test_credentials_do_not_show_in_their_own_text() -> None:
    assert TOKEN not in repr(credentials("GRAFANA", {GRAFANA_TOKEN: TOKEN}))
