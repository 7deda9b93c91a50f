"""Labels with unbounded values are recognised in every spelling; similar names are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model.identifiers import unbounded

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = """
run_id runId RunID RUN-ID RUN_ID run-id runid RUNID run.id run:id run__id _run_id run_id_ run_ids runIds run_uuid
request_id requestId REQUEST-ID requestid requestID x_request_id X-Request-Id rid
user-id user_id userId UserId userid USERID user user_name userName username end_user login
session_id trace_id span_id traceparent conversation_id thread_id message_id correlation_id
customer_id tenant_id account_id org_id ticket_id order_id document_id
task_id job_id call_id tool_call_id toolCallId step_id invocation_id response_id completion_id
id Id ID ids pid uuid guid hash idempotency_key
x_prompt prompt PROMPT user_prompt prompts prompt_text promptText full_prompt system_prompt instruction
args tool_args toolArgs raw_args kwargs arguments params parameters
input raw_input output query search_query query_text question answer completion content body payload text sql
error_message errorMessage message error_msg stacktrace stack_trace
email user_email email_address emailAddress phone phone_number
ip client_ip ipAddress url uri file_name filename
timestamp created_at ts date time datetime
api_key apiKey token access_token cookie
run_id_hash user_id_hash prompt_hash input_hash run_id_2 run_id2 user_id_raw
session run request
"""

ALLOWED = """
release model tool status stop_reason error_class token_type
model_id modelId tool_id release_id version version_id build_id prompt_version prompt_template
semantic_kernel_function_model_id requestModelId
region zone cluster env environment namespace service_name deployment component runtime team owner_team
tool_name toolName model_name provider provider_name agent agent_name role operation outcome finish_reason
http_status status_code method route queue priority tier plan_tier language locale day weekday hour time_of_day
grid paid valid void hybrid android solid avoid liquid bid tokenizer
id_type id_kind input_type output_type message_type content_type session_kind request_type run_type run_mode
prompt_type query_kind user_type user_tier token_kind ip_version email_domain url_scheme args_count
server_address user_agent_family identity_provider direction cached
"""


@pytest.mark.parametrize("name", REFUSED.split())
def test_a_label_without_an_end_is_known(name: str) -> None:
    assert unbounded(name)


@pytest.mark.parametrize("name", ALLOWED.split())
def test_a_bounded_label_is_left_alone(name: str) -> None:
    assert unbounded(name) is None


SPELLINGS: tuple[Callable[[list[str]], str], ...] = (
    "_".join,
    "-".join,
    ".".join,
    "".join,
    "__".join,
    lambda words: words[0] + "".join(map(str.title, words[1:])),
    lambda words: "".join(map(str.title, words)),
    lambda words: "_".join(words).upper(),
    lambda words: "".join(words).upper(),
    lambda words: f"x_{'_'.join(words)}",
    lambda words: f"{'_'.join(words)}_hash",
    lambda words: "_".join(words).translate({ord("i"): "\uff49", ord("d"): "\uff44"}),
    lambda words: "\u200b".join("_".join(words)),
)
THINGS = ("run", "request", "user", "session", "trace", "conversation", "customer", "tool call", "message")


@given(st.sampled_from(THINGS), st.sampled_from(("id", "uuid", "ids")), st.sampled_from(SPELLINGS))
def test_every_spelling_of_an_id_is_one(thing: str, ending: str, spelled: Callable[[list[str]], str]) -> None:
    assert unbounded(spelled([*thing.split(), ending]))


@given(st.text(max_size=30))
def test_any_name_at_all_gets_an_answer(name: str) -> None:
    said = unbounded(name)
    assert said is None or said.split()[0] in {"identifies", "holds", "is"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("runId", "identifies single runs"),
        ("r\u200bun_id", "identifies single runs"),
        ("reply_query_id", "identifies single queries"),
        ("bus_id", "identifies single buses"),
        ("id", "identifies single things"),
        ("tool_args", "holds free text"),
        ("started_at", "is another one at every moment"),
        ("client_ip", "holds addresses"),
        ("api_key", "holds secrets"),
    ],
)
def test_it_is_said_what_such_a_label_does(name: str, said: str) -> None:
    assert unbounded(name) == said
