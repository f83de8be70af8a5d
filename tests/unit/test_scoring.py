"""The scorer that the end-to-end tests judge by: it must see what is missing, doubled and made up."""

from tests.support.scoring import Score, score


def form(title: str, address: str, *names: str) -> dict[str, object]:
    return {"title": title, "address": address, "addresses": [], "fields": [{"name": name, "type": "text"} for name in names]}


TRUTH = {
    "forms": [
        {"id": "edit", "where": ["/things/{id}/edit"], "fields": [{"name": "a"}, {"name": "b"}, {"name": "c", "conditional": True}]},
        {"id": "search", "where": ["*"], "fields": [{"label": "Search *"}]},
        {"id": "extra", "where": ["/x"], "fields": [{"name": "z"}], "optional": True},
    ]
}
SEARCH = {"title": "search", "address": "http://h/", "addresses": [], "fields": [{"label": "search:", "type": "search"}]}


def test_a_full_inventory_scores_clean() -> None:
    assert score(TRUTH, {"forms": [form("edit", "http://h/things/7/edit", "a", "b"), SEARCH]}) == Score(missed=(), twice=(), unlisted=())


def test_a_form_at_a_wrong_address_or_with_other_fields_is_missed_and_unlisted() -> None:
    for wrong in (form("w", "http://h/other", "a", "b"), form("w", "http://h/things/7/edit", "a", "x", "y")):
        assert score(TRUTH, {"forms": [wrong, SEARCH]}) == Score(missed=("edit",), twice=(), unlisted=("w",))


def test_a_form_reported_twice_is_seen() -> None:
    twice = [form("one", "http://h/things/7/edit", "a", "b"), form("two", "http://h/things/8/edit", "a", "b")]
    assert score(TRUTH, {"forms": [*twice, SEARCH]}) == Score(missed=(), twice=("two",), unlisted=())
