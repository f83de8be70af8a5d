"""What a slice remembers: templates that still show something new are looked at further, barren controls are left alone."""

from formscout.domain.forms import FormSighting
from formscout.domain.paths import Locators
from formscout_discovery.crawl.controls import Control
from formscout_discovery.crawl.memory import (
    BARREN_OF_A_KIND,
    BARREN_PRESSES,
    INSTANCES_OF_A_TEMPLATE,
    QUERIES_OF_A_PATH,
    WAITING_OF_A_TEMPLATE,
    SliceMemory,
)
from formscout_discovery.detection.folding import Candidate

TEMPLATE = "https://app.example/things/{id}"


def look(memory: SliceMemory, times: int, *, fruitful: bool = False, template: str = TEMPLATE) -> None:
    for _ in range(times):
        memory.note_visit(["key"], template, fruitful=fruitful)


def test_a_template_that_shows_nothing_new_is_spent_after_its_budget() -> None:
    memory = SliceMemory()
    look(memory, INSTANCES_OF_A_TEMPLATE - 1)
    assert not memory.spent(TEMPLATE, INSTANCES_OF_A_TEMPLATE - 1)
    look(memory, 1)
    assert memory.spent(TEMPLATE, INSTANCES_OF_A_TEMPLATE)


def test_the_budget_grows_with_each_new_form() -> None:
    memory = SliceMemory()
    look(memory, INSTANCES_OF_A_TEMPLATE - 1)
    look(memory, 1, fruitful=True)
    assert not memory.spent(TEMPLATE, INSTANCES_OF_A_TEMPLATE)
    look(memory, INSTANCES_OF_A_TEMPLATE - 1)
    assert not memory.spent(TEMPLATE, 2 * INSTANCES_OF_A_TEMPLATE - 1)
    look(memory, 1)
    assert memory.spent(TEMPLATE, 2 * INSTANCES_OF_A_TEMPLATE)


def test_what_other_slices_looked_at_counts() -> None:
    assert SliceMemory().spent(TEMPLATE, INSTANCES_OF_A_TEMPLATE)
    assert not SliceMemory().spent(TEMPLATE, INSTANCES_OF_A_TEMPLATE - 1)


def test_ever_other_queries_of_one_path_are_spent_together() -> None:
    memory = SliceMemory()
    for number in range(QUERIES_OF_A_PATH):
        template = f"https://app.example/list?f{'x' * number}={{f}}"
        assert not memory.spent(template, 0)
        look(memory, 1, template=template)
    assert memory.spent("https://app.example/list?another={another}", 0)
    assert not memory.spent("https://app.example/list", 0)


def test_a_template_may_not_crowd_the_frontier() -> None:
    memory = SliceMemory()
    admitted = [memory.admits(f"https://app.example/things/{number}", TEMPLATE) for number in range(WAITING_OF_A_TEMPLATE + 5)]
    assert admitted.count(True) == WAITING_OF_A_TEMPLATE
    assert not memory.admits("https://app.example/things/0", "other")
    assert memory.admits("https://app.example/people/0", "https://app.example/people/{id}")


def control(key: str, *, kind: str = "", shared: bool = False) -> Control:
    return Control(node=1, locators=Locators(), key=key, kind=kind or key, group="", rank=0, shared=shared)


def test_a_barren_control_is_pressed_no_more_and_a_fruitful_one_on_each_template() -> None:
    memory = SliceMemory()
    barren, fruitful = control("barren"), control("fruitful")
    for number in range(BARREN_PRESSES):
        assert memory.worth_pressing(barren, f"t{number}")
        memory.note_press(barren, f"t{number}")
    assert not memory.worth_pressing(barren, "elsewhere")
    for number in range(BARREN_PRESSES):
        memory.note_press(fruitful, f"t{number}")
    memory.credit([fruitful])
    assert not memory.worth_pressing(fruitful, "t1")
    assert memory.worth_pressing(fruitful, "elsewhere")


def test_a_control_of_every_page_is_pressed_once() -> None:
    memory = SliceMemory()
    menu = control("menu", shared=True)
    memory.note_press(menu, "t1")
    memory.credit([menu])
    assert not memory.worth_pressing(menu, "t2")


def test_what_looks_like_many_barren_controls_is_left_alone_until_one_of_them_bears() -> None:
    memory = SliceMemory()
    heads = [control(f"head {number}", kind="head") for number in range(BARREN_OF_A_KIND + 1)]
    for head in heads[:-1]:
        assert memory.worth_pressing(head, "t")
        memory.note_press(head, "t")
    assert not memory.worth_pressing(heads[-1], "t")
    memory.credit(heads[:1])
    assert memory.worth_pressing(heads[-1], "t")


def test_a_sighting_waits_until_the_form_that_it_names_is_written() -> None:
    memory = SliceMemory()
    sighting = FormSighting(fingerprint="f", address="https://app.example/b")
    assert memory.ready([sighting], writing=[]) == []
    assert memory.ready([], writing=["g"]) == []
    assert memory.ready([], writing=["f"]) == [sighting]
    assert memory.ready([sighting], writing=[]) == [sighting]


def test_a_claimed_form_is_known_until_it_is_given_back() -> None:
    memory = SliceMemory()
    candidate = Candidate(signature=("a|a", "b|b", "c|c"), address_template=TEMPLATE)
    fingerprint = memory.claim(candidate)
    assert memory.known(candidate) == fingerprint
    memory.disclaim([fingerprint])
    assert memory.known(candidate) is None
