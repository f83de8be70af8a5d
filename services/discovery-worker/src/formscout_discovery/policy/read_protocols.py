"""Tells requests that only read although their method says nothing: GraphQL queries, JSON-RPC reads, batches of them."""

import json
import re
from typing import Final

MAX_JUDGED_BODY_BYTES: Final = 256 * 1024
"""A larger body is no query a page reads by; it is not parsed."""

READING_RPC_METHODS: Final = frozenset(
    {
        "read", "search", "get", "list", "count", "find", "query", "fetch", "describe", "browse", "view", "info", "status", "exists",
        "search_read", "search_count", "web_search_read", "web_read", "web_read_group", "read_group", "read_progress_bar", "name_search",
        "name_get", "default_get", "fields_get", "fields_view_get", "load_views", "get_views", "get_view", "onchange", "has_group",
        "check_access_rights", "load_menus", "web_search_panel_select_range", "load",
    }
)  # fmt: skip
"""Whole method names that read; the longer ones are those of well-known business applications."""

READING_FIRST_WORDS: Final = frozenset(
    {"get", "list", "search", "find", "read", "fetch", "query", "describe", "count", "lookup", "is", "has", "load"}
)
"""First words of reading methods, taken when followed by another word (`getUser`, `list_orders`)."""

WRITING_WORDS: Final = frozenset(
    {
        "create", "write", "update", "delete", "remove", "unlink", "set", "save", "insert", "execute", "exec", "run", "call", "send",
        "post",
        "put", "add", "reset", "mark", "clear", "confirm", "cancel", "destroy", "upsert", "import", "copy", "move", "close", "lock",
        "unlock",
        "or",
    }
)  # fmt: skip
"""Words of a method's name that make it more than a read (`getOrCreate`, `read_and_mark`)."""

_GRAPHQL_NOISE: Final = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\#[^\n]*')
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def reads_only(body: bytes | None, content_type: str) -> str | None:
    """Say why a request only reads, or None if that cannot be told."""
    if not body or len(body) > MAX_JUDGED_BODY_BYTES:
        return None
    if content_type.split(";", 1)[0].strip().lower() == "application/graphql":
        return "a GraphQL query" if is_graphql_query(body.decode("utf-8", "replace"), None) else None
    calls = _calls(body)
    if calls and all(_is_graphql_call(call) for call in calls):
        return "a GraphQL query"
    if calls and all(_is_reading_rpc(call) for call in calls):
        return "a JSON-RPC method that reads"
    return None


def _calls(body: bytes) -> list[dict[str, object]]:
    """Return the calls of a body, a batch's or the one; none if it is no such body."""
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return []
    listed: list[object] = parsed if isinstance(parsed, list) else [parsed]
    calls = [call for call in listed if isinstance(call, dict)]
    return calls if len(calls) == len(listed) else []


def is_graphql_query(document: str, operation_name: str | None) -> bool:
    """Tell whether the operation that a GraphQL document would run is a query.

    Light on purpose: strings and comments are taken out, then operations are read at the outer level of braces. A
    document with several operations is a query only if the named one is, or all are.
    """
    operations = _operations(_GRAPHQL_NOISE.sub(" ", document))
    if not operations:
        return False
    named = [kind for kind, name in operations if operation_name and name == operation_name]
    chosen = named or [kind for kind, _ in operations]
    return all(kind == "query" for kind in chosen)


def _operations(document: str) -> list[tuple[str, str]]:
    """Return the kind and name of each operation; kinds are `query`, `mutation`, `subscription` or what stood there."""
    found: list[tuple[str, str]] = []
    depth = 0
    head = ""
    for character in document:
        if character in "{(":
            if depth == 0 and character == "{":
                words = head.split()
                if not words:
                    found.append(("query", ""))
                elif words[0] != "fragment":
                    found.append((words[0], words[1] if len(words) > 1 else ""))
                head = ""
            elif depth == 0:
                head += " "
            depth += 1
        elif character in "})":
            depth -= 1
        elif depth == 0:
            head += character
    return found if depth == 0 else []


def _is_graphql_call(call: dict[str, object]) -> bool:
    document = call.get("query")
    name = call.get("operationName")
    return isinstance(document, str) and is_graphql_query(document, name if isinstance(name, str) else None)


def _is_reading_rpc(call: dict[str, object]) -> bool:
    """Tell whether a JSON-RPC call reads; `call` wrappers name the real method in their parameters."""
    method = call.get("method")
    if not isinstance(method, str) or ("jsonrpc" not in call and "params" not in call):
        return False
    if method != "call":
        return is_reading_method(method)
    parameters = call.get("params")
    inner = parameters.get("method") if isinstance(parameters, dict) else None
    return isinstance(inner, str) and is_reading_method(inner)


def is_reading_method(name: str) -> bool:
    """Tell whether a method's name says that it reads: `crm.lead/search_read`, `getUsers`, `issue.list`."""
    last = re.split(r"[./:]", name)[-1]
    if last.lower() in READING_RPC_METHODS:
        return True
    words = [word.lower() for word in _WORDS.findall(last)]
    if len(words) < 2 or WRITING_WORDS.intersection(words):  # noqa: PLR2004 (a first word needs a second one)
        return False
    return words[0] in READING_FIRST_WORDS
