"""The judge passes what only reads, holds back what may change, and says why."""

import json
from dataclasses import replace

import pytest

from formscout.domain.crawls import CrawlMode
from formscout.domain.networks import Environment
from formscout_discovery.policy.read_protocols import is_graphql_query, is_reading_method
from formscout_discovery.policy.requests import (
    Cause,
    JudgeSettings,
    RequestFacts,
    Ruling,
    judge,
    judge_frame_without_cause,
    judge_without_cause,
)

BASE = "https://app.example"
OBSERVE = JudgeSettings()
PRODUCTION = JudgeSettings(environment=Environment.PRODUCTION)
SUBMIT = JudgeSettings(mode=CrawlMode.SUBMIT)


def facts(method: str, path: str, *, cause: Cause = Cause.PRESSING, label: str | None = None, body: object = None) -> RequestFacts:
    return RequestFacts(
        method=method,
        url=BASE + path,
        cause=cause,
        control_label=label,
        body=None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
        content_type="application/json",
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("cause", list(Cause))
def test_plain_reads_pass(method: str, cause: Cause) -> None:
    assert judge(facts(method, "/customers?page=2", cause=cause, label="Next"), PRODUCTION).ruling is Ruling.PASS


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "MKCOL", "PROPPATCH"])
@pytest.mark.parametrize("cause", [Cause.PRESSING, Cause.PROBING])
def test_writes_that_we_caused_are_held_back(method: str, cause: Cause) -> None:
    assert judge(facts(method, "/customers", cause=cause, label="Save", body={"name": "x"}), OBSERVE).ruling is Ruling.HOLD_BACK


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "SEARCH", "QUERY"])
def test_methods_that_only_read_are_let_through_and_listed(method: str) -> None:
    assert judge(facts(method, "/dav/"), PRODUCTION).ruling is Ruling.LET_THROUGH


@pytest.mark.parametrize(
    ("path", "label", "ruling"),
    [
        ("/items/5/delete", "Delete", Ruling.HOLD_BACK),
        ("/items/5/delete", "Löschen", Ruling.HOLD_BACK),
        ("/items/5/delete", "Yes", Ruling.HOLD_BACK),
        ("/items/5/delete", None, Ruling.HOLD_BACK),
        ("/items/5/delete", "", Ruling.HOLD_BACK),
        ("/items/5/delete", "Blue widget", Ruling.PASS),
        ("/items/5", "Delete", Ruling.PASS),
        ("/session/logout", "Jane", Ruling.HOLD_BACK),
        ("/account/sign_out", "Menu", Ruling.HOLD_BACK),
        ("/blog/how-to", "How to sign out", Ruling.PASS),
    ],
)
def test_a_get_is_held_back_only_when_control_and_request_look_like_an_action(path: str, label: str | None, ruling: Ruling) -> None:
    assert judge(facts("GET", path, label=label), OBSERVE).ruling is ruling


def test_words_in_the_address_of_a_page_that_we_open_never_judge() -> None:
    for path in ("/items/5/delete", "/logout", "/users/reset"):
        assert judge(facts("GET", path, cause=Cause.OPENING), PRODUCTION).ruling is Ruling.PASS


@pytest.mark.parametrize(
    ("body", "ruling"),
    [
        ({"query": "{ items { id } }"}, Ruling.LET_THROUGH),
        ({"query": "query Items($n: Int = 5) { items(first: $n) { id } }", "variables": {"n": 3}}, Ruling.LET_THROUGH),
        ([{"query": "{ a }"}, {"query": "query { b }"}], Ruling.LET_THROUGH),
        ([{"query": "{ a }"}, {"query": "mutation { b }"}], Ruling.HOLD_BACK),
        ({"query": "mutation { remove(id: 1) { id } }"}, Ruling.HOLD_BACK),
        ({"query": "# query { a }\nmutation M { remove }"}, Ruling.HOLD_BACK),
        ({"query": "query A { a } mutation B { b }", "operationName": "A"}, Ruling.LET_THROUGH),
        ({"query": "query A { a } mutation B { b }", "operationName": "B"}, Ruling.HOLD_BACK),
        ({"query": "query A { a } mutation B { b }"}, Ruling.HOLD_BACK),
        ({"query": "subscription { a }"}, Ruling.HOLD_BACK),
        ({"query": "fragment F on T { x } query { ...F }"}, Ruling.LET_THROUGH),
        ({"query": ""}, Ruling.HOLD_BACK),
        ({"query": "some words"}, Ruling.HOLD_BACK),
        ({"query": 5}, Ruling.HOLD_BACK),
        ({"jsonrpc": "2.0", "method": "call", "params": {"model": "res.partner", "method": "search_read"}}, Ruling.LET_THROUGH),
        ({"jsonrpc": "2.0", "method": "call", "params": {"model": "res.partner", "method": "write"}}, Ruling.HOLD_BACK),
        ({"jsonrpc": "2.0", "method": "call", "params": {"model": "res.partner", "method": "default_get"}}, Ruling.LET_THROUGH),
        ({"jsonrpc": "2.0", "method": "issue.list", "params": []}, Ruling.LET_THROUGH),
        ({"jsonrpc": "2.0", "method": "issue.delete", "params": []}, Ruling.HOLD_BACK),
        ({"method": "get"}, Ruling.HOLD_BACK),
        ([], Ruling.HOLD_BACK),
        (["query"], Ruling.HOLD_BACK),
        (b"{broken", Ruling.HOLD_BACK),
        (b"", Ruling.HOLD_BACK),
    ],
)
def test_a_post_passes_when_its_body_only_reads(body: object, ruling: Ruling) -> None:
    assert judge(facts("POST", "/api", label="Show", body=body), OBSERVE).ruling is ruling
    if ruling is Ruling.LET_THROUGH:
        assert judge(facts("POST", "/api", label="Show", body=body), PRODUCTION).ruling is ruling


def test_a_body_too_large_to_read_is_no_query() -> None:
    huge = {"query": "{ a }", "padding": "x" * 300_000}
    assert judge(facts("POST", "/graphql", body=huge), OBSERVE).ruling is Ruling.HOLD_BACK


def test_words_in_strings_of_a_query_are_no_operations() -> None:
    assert is_graphql_query('query { find(text: "} mutation { x }") { id } }', None)
    assert not is_graphql_query('mutation { find(text: "query { x }") { id } }', None)
    assert is_graphql_query('query { a(b: """ } mutation { """) { c } }', None)
    assert not is_graphql_query("query { a ", None)


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("getUsers", True), ("list_orders", True), ("search.issues", False), ("user.search", True), ("project/fields_get", True),
        ("web_search_read", True),
        ("getOrCreate", False), ("read_and_mark", False), ("execute", False), ("create", False), ("getter", False), ("listen", False),
        ("write", False),
        ("loadAndDelete", False), ("isAllowed", True), ("", False),
    ],
)  # fmt: skip
def test_a_methods_name_tells_whether_it_reads(name: str, reads: bool) -> None:
    assert is_reading_method(name) is reads


def test_what_a_page_sends_by_itself_passes_and_is_listed_but_not_in_production() -> None:
    sent = facts("POST", "/datatable", cause=Cause.OPENING, body={"draw": 1})
    assert judge(sent, OBSERVE).ruling is Ruling.LET_THROUGH
    assert judge(sent, PRODUCTION).ruling is Ruling.HOLD_BACK


@pytest.mark.parametrize("kind", ["ping", "cspviolationreport"])
@pytest.mark.parametrize("cause", list(Cause))
def test_beacons_are_held_back_whoever_sends_them(kind: str, cause: Cause) -> None:
    beacon = replace(facts("POST", "/beacon", cause=cause, body={"query": "{ a }"}), resource_type=kind)
    assert judge(beacon, SUBMIT).ruling is Ruling.HOLD_BACK
    assert judge(beacon, JudgeSettings(allow_requests=(BASE,))).ruling is Ruling.LET_THROUGH


def test_signing_in_may_post() -> None:
    for settings in (OBSERVE, PRODUCTION, SUBMIT):
        assert judge(facts("POST", "/session", cause=Cause.SIGNING_IN, label="Sign in", body=b"u=a"), settings).ruling is Ruling.LET_THROUGH


def test_the_networks_list_opens_addresses_and_nothing_beside_them() -> None:
    settings = JudgeSettings(allow_requests=(f"{BASE}/rpc/",), environment=Environment.PRODUCTION)
    assert judge(facts("POST", "/rpc/opaque", body=b"\x00"), settings).ruling is Ruling.LET_THROUGH
    assert judge(facts("POST", "/rpcs", body=b"\x00"), settings).ruling is Ruling.HOLD_BACK


def test_submit_mode_sends_forms_but_no_hazards_and_never_in_production() -> None:
    save = facts("POST", "/customers", label="Save", body=b"name=x")
    assert judge(save, SUBMIT).ruling is Ruling.LET_THROUGH
    assert judge(facts("POST", "/customers/5/delete", label="Delete", body=b""), SUBMIT).ruling is Ruling.HOLD_BACK
    assert judge(facts("POST", "/api", label="Delete", body=b""), SUBMIT).ruling is Ruling.HOLD_BACK
    assert judge(save, JudgeSettings(mode=CrawlMode.SUBMIT, environment=Environment.PRODUCTION)).ruling is Ruling.HOLD_BACK


def test_every_listed_ruling_says_why() -> None:
    for settings in (OBSERVE, PRODUCTION, SUBMIT):
        for cause in Cause:
            for method in ("GET", "POST", "SEARCH"):
                judgement = judge(facts(method, "/x/delete", cause=cause), settings)
                assert (judgement.ruling is Ruling.PASS) == (judgement.reason == "")


def test_without_a_cause_only_what_reads_passes() -> None:
    for settings in (OBSERVE, PRODUCTION, SUBMIT):
        for cause in Cause:
            assert judge_without_cause(facts("GET", "/x/delete", cause=cause), settings).ruling is Ruling.PASS
            assert judge_without_cause(facts("POST", "/x", cause=cause, body=b"x"), settings).ruling is Ruling.HOLD_BACK
            assert judge_without_cause(facts("POST", "/x", cause=cause, body={"query": "{ a }"}), settings).ruling is Ruling.LET_THROUGH
    assert judge_without_cause(facts("POST", "/x"), JudgeSettings(allow_requests=(BASE,))).ruling is Ruling.LET_THROUGH


@pytest.mark.parametrize(
    ("message", "ruling"),
    [
        (b"hello", Ruling.HOLD_BACK),
        (b"\x00\x01", Ruling.HOLD_BACK),
        (b'{"jsonrpc": "2.0", "method": "getUsers", "params": {}}', Ruling.LET_THROUGH),
        (b'{"jsonrpc": "2.0", "method": "deleteUser", "params": {}}', Ruling.HOLD_BACK),
    ],
)
def test_frames_are_judged_by_what_they_say(message: bytes, ruling: Ruling) -> None:
    socket = BASE.replace("http", "ws", 1) + "/line"
    assert judge_frame_without_cause(socket, message, OBSERVE).ruling is ruling
    assert judge_frame_without_cause(socket, message, JudgeSettings(allow_requests=(f"{BASE}/line",))).ruling is Ruling.LET_THROUGH
