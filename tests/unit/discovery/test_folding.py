"""The same form met at many places is one; forms that only look alike stay apart."""

import pytest
from tests.support.snapshots import page

from formscout.domain.forms import KnownForm
from formscout_discovery.crawl.state import State, state_of
from formscout_discovery.detection.folding import Candidate, fingerprint_of, fold, likeness
from formscout_discovery.policy.templates import TemplateLearner

SITE = "https://app.example"


def text(*names: str) -> str:
    return "".join(f'<label for="{name}">{name}</label><input id="{name}" name="{name}">' for name in names)


def person(action: str, *more: str) -> str:
    return f'<form method="post" action="{action}">{text("given", "family", "street", "city", "phone", *more)}<button>Save</button></form>'


def candidates(html: str, path: str) -> list[Candidate]:
    state: State = state_of(page(html, address=SITE + path))
    return [state.candidate(form) for form in state.shown()]


def only(html: str, path: str) -> Candidate:
    (candidate,) = candidates(html, path)
    return candidate


def known(candidate: Candidate) -> KnownForm:
    return KnownForm(fingerprint=fingerprint_of(candidate), address_template=candidate.address_template, signature=candidate.signature)


def are_one(one: Candidate, other: Candidate) -> bool:
    return fold(other, [known(one)]) is not None and fold(one, [known(other)]) is not None


def test_create_and_edit_are_one_form() -> None:
    create, edit = only(person("/people"), "/people/new"), only(person("/people/7"), "/people/7/edit")
    assert fold(edit, [known(create)]) == fingerprint_of(create)


def test_forms_of_two_records_are_one_although_one_record_asks_for_more() -> None:
    names = ("email", "birthday")
    plain, richer = only(person("/people/7", *names), "/people/7/edit"), only(person("/people/8", *names, "guardian"), "/people/8/edit")
    assert fingerprint_of(plain) != fingerprint_of(richer)
    assert are_one(plain, richer)


@pytest.mark.parametrize("shared", [("given", "family"), ("given", "family", "street", "city")], ids=["two of five", "four of six"])
def test_records_of_another_kind_below_the_same_template_have_a_form_of_their_own(shared: tuple[str, ...]) -> None:
    other = f'<form method="post" action="/items/8">{text(*shared, "total")}<button>Save</button></form>'
    assert not are_one(only(person("/items/7"), "/items/7/edit"), only(other, "/items/8/edit"))


def test_the_same_extra_field_at_another_kind_of_address_makes_another_form() -> None:
    assert not are_one(only(person("/people", "email", "birthday"), "/people/new"), only(person("/pets", "email", "tag"), "/pets/new"))


def test_a_filter_that_shows_other_rows_for_other_queries_is_one() -> None:
    few = f'<form action="/report">{text("from", "to", "kind")}<button>Filter</button></form>'
    more = f'<form action="/report">{text("from", "to", "kind", "owner", "state")}<button>Filter</button></form>'
    assert are_one(only(few, "/report"), only(more, "/report?kind=b"))


SEARCH = '<form action="{action}" {more}><input type="search" name="q" aria-label="{label}"><button>{button}</button></form>'


def test_the_header_s_search_is_one_form_on_all_pages() -> None:
    header = "<header>" + SEARCH.format(action="/search", more="", label="Search", button="Go") + "</header>"
    assert are_one(only(header, "/a"), only(header, "/orders/7/edit?tab=2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"action": "/search"}, {"action": "/help/find"}),
        ({"label": "Search pages"}, {"label": "Search people"}),
        ({"button": "Find a page"}, {"button": "Find a person"}),
        ({"more": 'id="pages"'}, {"more": 'id="people"'}),
    ],
    ids=["sent elsewhere", "called otherwise", "another button", "another id"],
)
def test_two_search_boxes_of_one_page_stay_two(one: dict[str, str], other: dict[str, str]) -> None:
    usual = {"action": "/search", "more": "", "label": "Search", "button": "Go"}
    first, second = candidates(SEARCH.format(**usual | one) + SEARCH.format(**usual | other), "/home")
    assert fingerprint_of(first) != fingerprint_of(second)
    assert not are_one(first, second)


def test_a_fingerprint_is_blind_to_the_record_and_its_rows() -> None:
    def order(number: int, *rows: int) -> str:
        lines = "".join(f'<input name="lines[{row}][amount]" aria-label="Amount {row}">' for row in rows)
        fields = f'<input name="order_{number}_name" aria-label="Name"><input name="note" aria-label="Note">{lines}'
        return f'<form method="post" action="/orders/{number}">{fields}<button>Save</button></form>'

    first, second = only(order(17, 1, 2), "/orders/17/edit"), only(order(4711, 1, 2, 3, 9), "/orders/4711/edit")
    assert fingerprint_of(first) == fingerprint_of(second)


def test_a_tiny_form_keeps_its_fingerprint_from_record_to_record() -> None:
    def comment(number: int) -> str:
        return f'<form method="post" action="/posts/{number}/comments" id="new-{number}">{text("body")}<button>Comment</button></form>'

    assert fingerprint_of(only(comment(3), "/posts/3")) == fingerprint_of(only(comment(99), "/posts/99"))


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    """It is stored, and sessions are compared by it: changing how it is made must be a decision."""
    candidate = Candidate(signature=("a|first", "b|second", "c|third", "@sent=x"), address_template="https://app.example/x")
    assert fingerprint_of(candidate) == "43ba08d0496f824dd5b32230c84993f0"


def test_templates_learned_since_a_form_was_written_bring_it_together_with_its_like() -> None:
    learner = TemplateLearner()
    one = only(person("/projects/red", "email", "birthday"), "/projects/red")
    other = only(person("/projects/blue", "email", "birthday", "guardian"), "/projects/blue")
    assert fold(other, [known(one)], generalise=learner.template) is None
    for name in ("red", "blue"):
        for screen in ("wiki", "files", "news"):
            learner.learn(f"{SITE}/projects/{name}/{screen}")
    assert fold(other, [known(one)], generalise=learner.template) == fingerprint_of(one)


def test_the_likest_of_several_is_taken() -> None:
    names = [f"n{letter}" for letter in "abcdefghijklmnopqrst"]
    near, nearer = (
        known(only(f'<form action="/r">{text(*names, *extra)}<button>Go</button></form>', "/r")) for extra in (("far", "off"), ("far",))
    )
    here = only(f'<form action="/r">{text(*names)}<button>Go</button></form>', "/r")
    assert fold(here, [near, nearer]) == fold(here, [nearer, near]) == nearer.fingerprint


def test_likeness_is_shared_over_all() -> None:
    assert likeness(frozenset("abc"), frozenset("abcd")) == 0.75
    assert likeness(frozenset(), frozenset()) == 1.0
