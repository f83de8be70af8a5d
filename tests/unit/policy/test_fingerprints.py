"""A page's shape is blind to its words and to how many rows it lists."""

from tests.support.snapshots import page

from formscout_discovery.policy.fingerprints import fingerprint, likeness, shape

ROWS = "<main><h1>{title}</h1><ul>{rows}</ul></main>"


def listing(title: str, count: int) -> str:
    return ROWS.format(title=title, rows=f"<li><a href='/x'>{title} entry</a></li>" * count)


def test_near_identical_pages_share_a_fingerprint() -> None:
    assert fingerprint(page(listing("Orders", 3)), "/t") == fingerprint(page(listing("Customers", 30)), "/t")


def test_the_template_belongs_to_the_fingerprint() -> None:
    assert fingerprint(page(listing("Orders", 3)), "/t") != fingerprint(page(listing("Orders", 3)), "/u")


def test_another_field_is_another_state() -> None:
    one, other = '<form><input name="first"></form>', '<form><input name="second"></form>'
    assert fingerprint(page(one), "/t") != fingerprint(page(other), "/t")


def test_rows_of_one_form_that_differ_by_their_number_are_one_shape() -> None:
    one, other = '<form><input name="item[1]"></form>', '<form><input name="item[27]"></form>'
    assert shape(page(one)) == shape(page(other))


def test_likeness_is_the_share_of_what_both_have() -> None:
    assert likeness(frozenset("ab"), frozenset("bc")) == 1 / 3
    assert likeness(frozenset(), frozenset()) == 1.0
