"""After any failure nothing is lost: the applied steps are known, and the next run does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from tests.apply.conftest import dashboard
from tests.apply.grafana import TOKEN, GrafanaFault, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.conftest import Applying
    from tests.apply.grafana import Grafana

ALL = {"agent-a": 1, "agent-b": 1, "agent-c": 1}


def saving(uid: str) -> Callable[[Request], bool]:
    return lambda request: (
        request.method == "POST" and (request.body or {}).get("dashboard", {}).get("uid") == uid
    )


def reading(request: Request) -> bool:
    return request.method == "GET" and "agent-b" in request.path


def refused(applying: Applying) -> LiveError:
    with pytest.raises(LiveError) as caught:
        applying()
    return caught.value


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (GrafanaFault(saving("agent-b"), status=500), "HTTP 500: oops"),
        (
            GrafanaFault(saving("agent-b"), status=400, body=b'{"message": "quota reached"}'),
            "HTTP 400: quota reached",
        ),
        (GrafanaFault(saving("agent-b"), status=403, body=b'{"message": "denied"}'), "HTTP 403: denied"),
        (
            GrafanaFault(saving("agent-b"), status=502, body=b"<html>bad gateway</html>"),
            "HTTP 502: <html>bad",
        ),
        (GrafanaFault(saving("agent-b"), silent=True), "does not answer"),
        (GrafanaFault(saving("agent-b"), status=200, body=b'{"id"', promised=100), "does not answer"),
        (
            GrafanaFault(saving("agent-b"), status=200, body=b"<html>login</html>"),
            "not an object with version",
        ),
    ],
)
def test_a_failure_half_way_says_what_is_left_and_running_again_does_it(
    applying: Applying, grafana: Grafana, fault: GrafanaFault, said: str
) -> None:
    grafana.faults.append(fault)
    assert said in str(refused(applying))
    assert applying.said[1:] == ['  created     agent-a "Agent-A"', "  not applied agent-b, agent-c"]
    assert grafana.versions() == {"agent-a": 1}
    grafana.faults.clear()
    applying()
    assert grafana.versions() == ALL


@pytest.mark.parametrize(
    "fault",
    [
        GrafanaFault(saving("agent-b"), carried_out=True, times=1, silent=True),
        GrafanaFault(saving("agent-b"), carried_out=True, times=1, status=200, body=b"{", promised=100),
        GrafanaFault(saving("agent-b"), carried_out=True, times=1, status=504, body=b"gateway timeout"),
        GrafanaFault(saving("agent-b"), carried_out=True, times=1, status=503, body=b"busy"),
    ],
)
def test_a_save_whose_answer_was_lost_counts_when_grafana_has_it(
    applying: Applying, grafana: Grafana, fault: GrafanaFault
) -> None:
    grafana.faults.append(fault)
    assert applying() == [f'  created     agent-{one} "Agent-{one.upper()}"' for one in "abc"]
    assert grafana.versions() == ALL


def test_when_grafana_is_gone_it_is_said_that_nothing_is_known(applying: Applying, grafana: Grafana) -> None:
    gone: list[bool] = []

    def after_the_save(request: Request) -> bool:
        gone.extend([True] * saving("agent-b")(request))
        return bool(gone)

    grafana.faults.append(GrafanaFault(after_the_save, silent=True))
    assert "whether agent-b was saved is not known" in str(refused(applying))


def test_somebody_elses_edit_in_between_is_not_overwritten(applying: Applying, grafana: Grafana) -> None:
    applying()
    applying.generate(*(dashboard(uid, title="New") for uid in ALL))

    def edits(request: Request) -> bool:
        if saving("agent-b")(request):
            grafana.edit("agent-b", title="Theirs")
        return False

    grafana.faults.append(GrafanaFault(edits))
    error = refused(applying)
    assert "HTTP 412: The dashboard has been changed by someone else" in str(error)
    assert "--dry-run" in error.help
    assert grafana.dashboards["agent-b"].json["title"] == "Theirs"


def test_a_dashboard_that_somebody_creates_in_between_is_not_overwritten(
    applying: Applying, grafana: Grafana
) -> None:
    def creates(request: Request) -> bool:
        if saving("agent-b")(request):
            grafana.put(dashboard("agent-b", title="Theirs", tags=[]), "agent-metrics")
        return False

    grafana.faults.append(GrafanaFault(creates))
    assert "HTTP 412" in str(refused(applying))
    assert grafana.dashboards["agent-b"].json["title"] == "Theirs"


@pytest.mark.parametrize("kind", ["name-exists", "plugin-dashboard"])
def test_other_preconditions_come_with_a_way_out(applying: Applying, grafana: Grafana, kind: str) -> None:
    body = f'{{"message": "no", "status": "{kind}"}}'.encode()
    grafana.faults.append(GrafanaFault(saving("agent-a"), status=412, body=body))
    assert "then run again" in refused(applying).help


def test_nothing_is_ever_saved_with_overwrite(applying: Applying, grafana: Grafana) -> None:
    applying()
    assert {one.body["overwrite"] for one in grafana.log if one.path == "/api/dashboards/db"} == {False}


def test_a_wrong_token_is_refused_at_once(applying: Applying, grafana: Grafana) -> None:
    applying.token = "glsa_wrong"  # noqa: S105 - no real one
    error = refused(applying)
    assert "HTTP 401: Unauthorized" in str(error)
    assert "AGENT_METRICS_GRAFANA_TOKEN" in error.help
    assert len(grafana.log) == 1


def test_a_folder_that_somebody_creates_meanwhile_is_taken(applying: Applying, grafana: Grafana) -> None:
    def creates(request: Request) -> bool:
        if request.method == "POST" and request.path == "/api/folders":
            grafana.folders["agent-metrics"] = "Agent metrics"
        return False

    grafana.faults.append(GrafanaFault(creates))
    applying()
    assert grafana.versions() == ALL


def test_a_folder_of_that_title_and_another_uid_is_named_as_the_reason(
    applying: Applying, grafana: Grafana
) -> None:
    grafana.folders["xyz"] = "Agent metrics"
    error = refused(applying)
    assert 'create the folder "Agent metrics": HTTP 409' in str(error)
    assert "--folder" in error.help
    assert applying.said[1:] == ["  not applied agent-a, agent-b, agent-c"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_too_many_requests_are_slowed_down_as_the_server_asks(
    applying: Applying, grafana: Grafana, method: str
) -> None:
    grafana.faults.append(
        GrafanaFault(lambda one: one.method == method, status=429, headers={"Retry-After": "7"}, times=2)
    )
    applying()
    assert applying.slept == [7.0, 7.0]
    assert grafana.versions() == ALL


def test_a_server_that_asks_for_more_time_than_there_is_ends_it(applying: Applying, grafana: Grafana) -> None:
    grafana.faults.append(GrafanaFault(lambda _: True, status=429, headers={"Retry-After": "3600"}))
    assert "HTTP 429" in str(refused(applying))
    assert applying.slept == []


def test_a_date_to_retry_after_is_understood(applying: Applying, grafana: Grafana) -> None:
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    grafana.faults.append(GrafanaFault(lambda _: True, status=503, headers=past, times=1))
    applying()
    assert applying.slept == [0.0]


@pytest.mark.parametrize(
    "fault",
    [
        GrafanaFault(reading, times=2, silent=True),
        GrafanaFault(reading, times=2, status=502),
        GrafanaFault(reading, times=2, status=200, body=b"{", promised=100),
    ],
)
def test_reads_are_repeated(applying: Applying, grafana: Grafana, fault: GrafanaFault) -> None:
    grafana.faults.append(fault)
    applying()
    assert applying.slept == ([1.0, 2.0] if fault.status == 502 else [0.1, 0.2])
    assert grafana.versions() == ALL


@pytest.mark.parametrize(
    "fault", [GrafanaFault(saving("agent-a"), status=502), GrafanaFault(saving("agent-a"), silent=True)]
)
def test_saves_are_not_repeated_unless_the_server_did_not_take_them(
    applying: Applying, grafana: Grafana, fault: GrafanaFault
) -> None:
    grafana.faults.append(fault)
    refused(applying)
    assert grafana.writes() == ["POST /api/folders", "POST /api/dashboards/db"]


def test_a_proxys_404_does_not_say_that_a_dashboard_is_not_there(
    applying: Applying, grafana: Grafana
) -> None:
    grafana.faults.append(GrafanaFault(reading, status=404, body=b"<html>not found</html>"))
    assert "HTTP 404" in str(refused(applying))
    assert grafana.writes() == []


def test_a_server_that_never_answers_is_given_up(applying: Applying, answering_never: str) -> None:
    applying.grafana.url = answering_never
    applying.timeout = 0.05
    assert "does not answer" in str(refused(applying))


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"404 page not found"), (200, b"<html>Log in</html>"), (404, b"{}"), (200, b"[]")],
)
def test_another_server_is_not_taken_for_an_empty_grafana(
    applying: Applying, answering: Callable[..., str], status: int, body: bytes
) -> None:
    applying.grafana.url = answering(status, body)
    assert "is this a Grafana?" in refused(applying).help


def test_a_redirect_is_not_followed_with_the_token(applying: Applying, grafana: Grafana) -> None:
    to = {"Location": f"https://other.example/api?auth={TOKEN}"}
    grafana.faults.append(GrafanaFault(lambda _: True, status=302, headers=to, body=b""))
    error = refused(applying)
    assert str(error).endswith("HTTP 302: a redirection to https://other.example/api")
    assert "give the address that answers itself" in error.help
    assert error.help.endswith("nothing was written")


def test_pruning_survives_a_lost_answer(applying: Applying, grafana: Grafana) -> None:
    applying()
    applying.generate(dashboard("agent-a"))
    grafana.faults.append(GrafanaFault(lambda one: one.method == "DELETE", carried_out=True, silent=True))
    applying(prune=True)
    assert set(grafana.dashboards) == {"agent-a"}
