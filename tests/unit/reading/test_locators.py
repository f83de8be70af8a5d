"""Ways to an element, and what makes two forms the same."""

from tests.support.snapshots import page

from formscout.domain.snapshots import Snapshot
from formscout.reading import read_forms, signature
from formscout.reading.locators import Locator
from formscout.reading.tree import Tree


def css(snapshot: Snapshot) -> list[str | None]:
    locator = Locator(Tree(snapshot))
    return [locator.of(n.id).css for n in snapshot.nodes if n.tag == "input"]


def test_a_stable_id_comes_first_then_the_name_then_the_path() -> None:
    snapshot = page('<div><input id="mail" name="m"><input name="user[x]"><p><input></p><p><input></p></div>')
    assert css(snapshot) == [
        "#mail",
        'input[name="user[x]"]',
        "html > body > div > p:nth-of-type(1) > input",
        "html > body > div > p:nth-of-type(2) > input",
    ]


def test_ids_that_a_library_counts_up_or_that_come_twice_are_not_used() -> None:
    snapshot = page('<input id=":r1:"><input id="radix-12"><input id="a"><input id="a">')
    assert css(snapshot) == [f"html > body > input:nth-of-type({i})" for i in (1, 2, 3, 4)]


def test_radios_of_one_name_are_told_apart_by_value() -> None:
    snapshot = page('<input type="radio" name="r" value="1"><input type="radio" name="r" value="2">')
    assert css(snapshot) == ['input[name="r"][value="1"]', 'input[name="r"][value="2"]']


def test_an_element_in_nested_shadow_roots_is_reached_host_by_host() -> None:
    snapshot = page(
        '<x-a><template shadowrootmode="open"><p><x-b><template shadowrootmode="closed"><input></template></x-b></p></template></x-a>'
    )
    locator = Locator(Tree(snapshot))
    found = locator.of(next(n.id for n in snapshot.nodes if n.tag == "input"))
    assert found.shadow_path == ("html > body > x-a", ":host > p > x-b")
    assert found.css == ":host > input"


def test_role_name_and_test_id_are_kept() -> None:
    snapshot = page('<button data-testid="go" data-name="Go on">x</button>')
    found = Locator(Tree(snapshot)).of(next(n.id for n in snapshot.nodes if n.tag == "button"))
    assert (found.role, found.label, found.test_id) == ("button", "Go on", "go")


def test_a_signature_forgets_records_and_rows() -> None:
    one, other = (
        read_forms(
            page(
                f'<form><label>Tag {n} <input name="item[{n}][tag]"></label><label>Tag {n + 1} '
                f'<input name="item[{n + 1}][tag]"></label></form>'
            )
        )[0]
        for n in (1, 72)
    )
    assert signature(one) == signature(other) == ("item[#][tag]|tag #",)


def test_a_signature_tells_forms_apart() -> None:
    one, other = read_forms(page('<form><input name="a"></form><form><input name="b"></form>'))
    assert signature(one) != signature(other)


def test_reading_is_deterministic() -> None:
    snapshot = page('<form><input name="a"><input name="b"></form><div><input><button>Save</button></div>')
    assert read_forms(snapshot) == read_forms(snapshot)
