"""The likely meaning of names and values of foreign metrics, by the words in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model.tokens import PART_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NO_PLURALS = frozenset(
    {"ms", "us", "ns", "miss", "status", "success", "process", "class", "access", "progress"}
)
_HTTP = re.compile("[1-5](?:[0-9][0-9]|xx)", re.IGNORECASE)
#: What outcomes, totals beside their parts and what is not known are called here.
OK, ERROR, TOTAL, OTHER = "ok", "error", "total", "other"


def in_order(name: str) -> tuple[str, ...]:
    """Split a name into lower-case words, each in its singular: ``toolCalls_total`` has tool, call and total."""
    found = (word.lower() for word in _WORD.findall(name))
    return tuple(word if word in _NO_PLURALS else word.removesuffix("s") or word for word in found)


def words(name: str) -> frozenset[str]:
    """Split a name into words, without their order."""
    return frozenset(in_order(name))


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CERTAIN_RUNS: Mapping[str, str] = {
    **dict.fromkeys(("run", "task", "workflow", "job", "mission"), "run"),
    **dict.fromkeys(("session", "conversation", "thread", "dialog", "dialogue"), "session"),
    "turn": "turn",
}
#: Words that make a metric of models one of runs all the same.
CERTAIN = frozenset(_CERTAIN_RUNS)
#: The words for a run, the most certain first, and the word that people then read.
RUNS: Mapping[str, str] = {
    **_CERTAIN_RUNS,
    "message": "turn",
    **dict.fromkeys(("agent", "execution", "invocation", "chain", "query", "assistant", "aiservice"), "run"),
    "request": "request",
}
TOOLS = _listed("tool function mcp skill")
MODELS = _listed(
    "llm model completion chat inference openai anthropic gpt bedrock ollama generation provider"
)
TOKENS = _listed("token")
_DOLLARS = _listed("usd dollar cent")
#: Words that are a unit by themselves; the prefixes in them are one beside the word of an amount.
_PREFIXES = {"nano": 1e-9, "micro": 1e-6, "milli": 1e-3}
_JOINED = {
    f"{prefix}{dollars}": factor for prefix, factor in _PREFIXES.items() for dollars in ("usd", "dollar")
}
_SCALES: Mapping[str, float] = {**_JOINED, "microcent": 1e-8, "millicent": 1e-5, "cent": 0.01}
_MULTIPLES = {"thousand": 1e3, "kilo": 1e3, "million": 1e6, "mega": 1e6}
COSTS = _listed("cost spend") | _DOLLARS | _SCALES.keys()
#: Other units of costs than the dollar.
_CURRENCIES = _listed(
    "eur euro gbp pound sterling jpy yen cny rmb yuan inr rupee aud cad chf franc brl krw sek nok dkk pln credit"
)
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY or CNY", "₹": "INR"}
#: Amounts that were never spent.
UNSPENT = _listed("saved saving avoided")
STEPS = _listed("step iteration turn hop")
FAILED = _listed("error failed failure exception fail")
SUCCEEDED = _listed("success succeeded successful ok")
#: Times of tokens, which are no calls.
TOKEN_TIMES = _listed("ttft tpot itl tbt")
#: Times of parts of a call.
PARTIAL_TIMES = _listed("diff difference gap overhead excluding lag wait")
#: Words for some of all calls.
SOME = _listed("stream streaming streamed")
#: Ends of any kind, or successes: the word says neither.
FINISHED = _listed("completed finished done ended")
STARTED = _listed("started start begun")
#: What a run consists of: after the word for a run, it is no run.
_INSIDE = _listed("llm model tool queue wait inference provider")
#: Labels of requests to a server.
PATHS = _listed("route handler path uri url endpoint view")
#: Labels that tell operations apart, and those of them that do nothing else.
OPERATION_LABELS = _listed("operation op action kind type event span step")
SURE_OPERATION_LABELS = _listed("operation op")
#: The method by which the Model Context Protocol calls a tool; others list tools, or begin a session.
CALL_OF_TOOL = "tools/call"
_OPERATIONS: Mapping[str, Sequence[str]] = {
    # The outermost first: a run is an operation of one kind, and what is within it is none.
    "run": (
        *("conversation", "session", "invokeworkflow", "workflow", "invokeagent", "runagent", "agentrun"),
        *("agentexecution", "agentinvocation", "agent", "task", "job", "run", "turn", "request"),
        *("aigeneratetext", "aistreamtext", "aigenerateobject", "aistreamobject"),
    ),
    "tool": (
        *("executetool", "tool", "toolcall", "calltool", "toolscall", "toolexecution", "toolinvocation"),
        *("function", "functioncall", "mcp", "aitoolcall"),
    ),
    "model": (
        *(
            "chat",
            "completion",
            "textcompletion",
            "chatcompletion",
            "generatecontent",
            "generatetext",
            "streamtext",
        ),
        *("llm", "llmcall", "llmrequest", "model", "modelcall", "modelrequest", "invokemodel", "inference"),
        *("aigeneratetextdogenerate", "aistreamtextdostream"),
        *("aigenerateobjectdogenerate", "aistreamobjectdostream"),
    ),
}
#: Events that are no ends of anything, and quantities of other kinds.
UNFINISHED = _listed(
    "started start begun active progress queued pending running waiting retry retrie retriable canceled cancelled "
    "rejected preempted created open limit max budget remaining"
)
TIMES = _listed("second ms millisecond microsecond nanosecond minute duration latency time elapsed")
#: What counts no tokens, although it is about them.
NO_TOKENS = TIMES | UNFINISHED | UNSPENT | COSTS | TOKEN_TIMES | {"per", "first"}
_TIME_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("second", "sec", "s"), "s"),
    **dict.fromkeys(("millisecond", "ms", "msec"), "ms"),
    **dict.fromkeys(("microsecond", "us", "usec"), "microseconds"),
    **dict.fromkeys(("nanosecond", "ns", "nsec"), "nanoseconds"),
    "minute": "minutes",
    "hour": "hours",
}
_LAST_UNITS = {"milli": "ms", "micro": "microseconds", "nano": "nanoseconds"}
#: Metrics of the surroundings of an agent.
OTHER_SYSTEMS = _listed(
    "http grpc db sql cache queue gc process python go cpu memory disk pool scrape network jvm redis"
)

_STATUS = {
    **dict.fromkeys(
        _listed(
            "ok success succeeded successful completed complete done finished pass passed true resolved unset"
        ),
        OK,
    ),
    **dict.fromkeys(
        _listed("error err errored failed failure fail exception timeout timedout false crashed crash"),
        ERROR,
    ),
}
_YES, _NO = _listed("true yes y 1"), _listed("false no n 0")
_NO_ERROR = _listed("none null nil no_error noerror ok") | _NO
#: Words of labels whose yes is a success; a yes of a label of failures is an error.
_GOOD_IF_YES = _listed("success succeeded successful ok passed")
#: The values beside one of such a label, in each spelling.
_BESIDE: dict[str, tuple[str, ...]] = {
    one: (other,)
    for pair in ("true false", "yes no", "y n", "1 0")
    for spelled in {pair, pair.title(), pair.upper()}
    for one, other in (spelled.split(), spelled.split()[::-1])
}
_SPANS = ("STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR")
_BESIDE |= {one: tuple(other for other in _SPANS if other != one) for one in _SPANS}
_TOKEN_TYPES = {
    **dict.fromkeys(_listed("in input prompt"), "prompt"),
    **dict.fromkeys(_listed("out output completion response generated generation candidate"), "completion"),
    **dict.fromkeys(
        _listed("cached cache cacheread cachehit cachedinput cachereadinput inputcached cachedprompt"),
        "cached",
    ),
    **dict.fromkeys(
        _listed(
            "cachewrite cachecreation cachewritten cachewriteinput cachecreationinput inputcachecreation"
        ),
        "cache_write",
    ),
    **dict.fromkeys(_listed("reasoning thinking thought outputreasoning reasoningoutput"), "reasoning"),
    **dict.fromkeys(_listed("total all sum"), TOTAL),
}
#: Types that may be a part of another one.
OUTER_TYPES = {kind: PART_OF[kind] for kind in ("cached", "cache_write", "reasoning")}
#: Types that mean other things as well, such as a kind of call.
_VAGUE_TYPES = _listed("completion response generation generated candidate total all sum cache")
_ERROR_CLASSES: Mapping[str, str] = {
    "timeout": "timeout|timedout|deadline|504|408",
    "rate_limit": "ratelimit|toomany|throttl|429",
    "quota": "quota|insufficient|billing|402",
    "auth": "auth|apikey|401",
    "permission": "permission|forbidden|403",
    "not_found": "notfound|404",
    "context_length": "contextlength|contextwindow|toolong",
    "content_policy": "contentpolicy|contentfilter|safety|moderation",
    "overloaded": "overload|unavailable|capacity|503|529",
    "connection": "connect|network|socket|dns|resourceaccess",
    "tool_validation": "validation",
    "invalid_request": "badrequest|invalidrequest|unprocessable|400|422",
    "invalid_response": "json|pars|decode|invalidresponse",
    "server_error": "internal|server|500|502",
}
_STOP_REASONS: Mapping[str, frozenset[str]] = {
    "completed": _listed(
        "completed complete stop endturn success succeeded done finished final finalanswer goal"
    ),
    "max_steps": _listed(
        "maxsteps maxturns maxiterations steplimit iterationlimit recursionlimit limit looplimit"
    ),
    "max_tokens": _listed("maxtokens length tokenlimit maxoutputtokens"),
    "context_exceeded": _listed("contextexceeded contextlength contextlengthexceeded contextwindow"),
    "budget_exceeded": _listed("budget budgetexceeded costlimit"),
    "timeout": _listed("timeout timedout deadline"),
    "content_filter": _listed("contentfilter safety moderated"),
    "refusal": _listed("refusal refused"),
    "guardrail": _listed("guardrail blocked tripwire"),
    "cancelled": _listed("cancelled canceled aborted interrupted stopped"),
    "tool_error": _listed("toolerror toolfailure toolfailed"),
    "step_error": _listed("error failed failure exception steperror llmerror modelerror"),
}


def _plain(value: str) -> str:
    return re.sub("[^a-z0-9]", "", value.lower())


def outcomes(label: str, values: Iterable[str]) -> dict[str, str]:
    """Map the values of a label to ok and error; those that may be either are left out.

    The label of an error has it as its value, and "none" or nothing where there was none.
    """
    found = words(label)
    means = _of_failure if found & FAILED else _of_success if found & _GOOD_IF_YES else _status
    return {value: meant for value in values if (meant := means(value))}


def names_errors(label: str, values: Iterable[str]) -> bool:
    """Whether a label has the error as its value, of which there may be new ones, and not just a yes or a no."""
    certain = (not value or _plain(value) in _YES | _NO_ERROR for value in values)
    return bool(words(label) & FAILED) and not (all(certain) and any(map(_is_boolean, values)))


def _is_boolean(value: str) -> bool:
    """Whether a value is a yes or a no."""
    return _plain(value) in _YES | _NO


def opposites(values: Iterable[str]) -> tuple[str, ...]:
    """Return the other values of labels with a yes and a no, or with another closed set of outcomes."""
    return tuple(dict.fromkeys(other for value in values for other in _BESIDE.get(value, ())))


def is_http(value: str) -> bool:
    """Whether a value is the status code of an HTTP response, or a class of them."""
    return bool(_HTTP.fullmatch(value))


def _of_failure(value: str) -> str:
    plain = _plain(value)
    is_ok = not value or plain in _NO_ERROR or value.lower() in _NO_ERROR
    return OK if is_ok or (plain not in _YES and _status(value) == OK) else ERROR


def _of_success(value: str) -> str:
    plain = _plain(value)
    return OK if plain in _YES else ERROR if plain in _NO else _status(value)


def _status(value: str) -> str:
    if is_http(value):
        return OK if value[0] in "123" else ERROR
    # OpenTelemetry's connector of spans writes STATUS_CODE_ERROR.
    return _STATUS.get(_plain(value).removeprefix("statuscode"), "")


def is_inside(name: str) -> bool:
    """Whether a name is that of a part of a run: ``run_llm_seconds``."""
    found = in_order(name)
    first = next((index for index, one in enumerate(found) if one in CERTAIN), len(found))
    return bool(_INSIDE & {*found[first:]})


def operations(values: Iterable[str]) -> dict[str, list[str]]:
    """Group the values of a label of operations by their kinds: run, tool and model."""
    plain: dict[str, list[str]] = {}
    for value in values:
        plain.setdefault(_plain(value), []).append(value)
    found = {kind: [plain[one] for one in known if one in plain] for kind, known in _OPERATIONS.items()}
    runs = found["run"][:1]
    return {
        kind: sorted(one for some in each for one in some)
        for kind, each in {**found, "run": runs}.items()
        if each
    }


def scale(name: str, *, multiples: bool = True) -> float:
    """Return the factor of a name's amounts to dollars or tokens: a prefix counts beside such a word only.

    ``multiples`` are of thousands; a sentence names these of other things. A word that is repeated counts once.
    """
    found = in_order(name)
    factor = 1.0
    for index, one in enumerate(found):
        if one in found[:index]:
            continue
        beside = {*found[max(0, index - 1) : index], *found[index + 1 : index + 2]}
        factor *= _SCALES.get(one, 1.0)
        factor *= _PREFIXES.get(one, 1.0) if beside & COSTS else 1.0
        factor *= _MULTIPLES.get(one, 1.0) if multiples and beside & (COSTS | TOKENS) else 1.0
    return factor


def currency(name: str) -> str:
    """Return the unit of costs that a name says, where it is no dollar of the United States."""
    if "usd" in words(name):
        return ""
    # In a sentence, credits may be anything.
    known = _CURRENCIES - {"credit"} if " " in name else _CURRENCIES
    signs = (code for sign, code in _SIGNS.items() if sign in name)
    return next((one.upper() for one in in_order(name) if one in known), next(signs, ""))


def says_dollars(name: str) -> bool:
    """Whether a name, a value or a description means dollars."""
    return "$" in name or bool(words(name) & (_DOLLARS | _SCALES.keys()))


def says_money(name: str) -> bool:
    """Whether a name or a description says the unit of costs."""
    return says_dollars(name) or bool(currency(name))


def time_unit(name: str) -> str:
    """Return the unit of time that a name says: s, ms, another one, or nothing."""
    *_, last = ("", *(one for one in in_order(name) if one != TOTAL))
    named = [_TIME_UNITS[one] for one in in_order(name) if one in _TIME_UNITS]
    return named[-1] if named else _LAST_UNITS.get(last, "")


def token_type(value: str) -> str:
    """Return the token type that a value means, "total", or nothing."""
    plain = _plain(value)
    plain = plain.removesuffix("s").removesuffix("token") or plain
    return _TOKEN_TYPES.get(plain) or _TOKEN_TYPES.get(plain.removesuffix("s"), "")


def token_type_of_name(name: str) -> str:
    """Return the token type that a metric's name means, "total", or nothing."""
    found = words(name)
    if "miss" in found:
        return ""
    if found & {"cache", "cached"}:
        return "cache_write" if found & {"write", "creation", "created", "written"} else "cached"
    kinds = [_TOKEN_TYPES[word] for word in in_order(name) if word in _TOKEN_TYPES]
    known = ["", *(kind for kind in kinds if kind != TOTAL)]
    return "reasoning" if "reasoning" in known else known[-1]


def is_of_all_tokens(name: str) -> bool:
    """Whether a name is that of a counter of tokens of all types."""
    found = words(name)
    return bool(found & TOKENS) and not found & NO_TOKENS and not token_type_of_name(name)


def share_of_token_types(label: str, values: Iterable[str]) -> float:
    """Return the part of a label's values that are types of tokens; 0 where they may as well be something else."""
    every = [value for value in values if value]
    known = [value for value in every if token_type(value)]
    certain = [value for value in known if _plain(value) not in _VAGUE_TYPES]
    several = len({*map(token_type, known)} - {TOTAL}) > 1
    return len(known) / len(every) if known and (certain or several or says_token_types(label)) else 0.0


def says_token_types(label: str) -> bool:
    """Whether a label is called after types of tokens."""
    return bool(words(label) & (TOKENS | {"direction"}))


def error_class(value: str) -> str:
    """Return the class of errors that a value means; "other" where none is certain."""
    plain = _plain(value)
    return next((name for name, pattern in _ERROR_CLASSES.items() if re.search(pattern, plain)), OTHER)


def stop_reason(value: str) -> str:
    """Return the stop reason that a value means; "other" where none is certain."""
    plain = _plain(value)
    return next((name for name, known in _STOP_REASONS.items() if plain in known), OTHER)
