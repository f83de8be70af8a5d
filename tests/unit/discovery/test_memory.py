"""What a slice remembers: templates that still show something new are looked at further, barren controls are left alone."""

from dataclasses import replace

from formscout.domain.forms import Findings, FormSighting, KnownForm, NewForm, NewFormPage
from formscout.domain.pages import TemplateTally
from formscout.domain.paths import Locators, Verification, VerificationStatus
from formscout.domain.snapshots import BlobRef
from formscout_discovery.crawl.controls import Control
from formscout_discovery.crawl.memory import (
    BARREN_OF_A_KIND,
    BARREN_PRESSES,
    INSTANCES_OF_A_TEMPLATE,
    QUERIES_OF_A_PATH,
    WAITING_OF_A_TEMPLATE,
    SliceMemory,
)
from formscout_discovery.detection.folding import Candidate, fingerprint_of

TEMPLATE = "https://app.example/things/{id}"


def look(memory: SliceMemory, times: int, *, fruitful: bool = False, template: str = TEMPLATE) -> None:
    for _ in range(times):
        memory.note_visit(["key"], template, fruitful=fruitful)


def tally(visits: int, *, barren: int | None = None) -> TemplateTally:
    return TemplateTally(template=TEMPLATE, visits=visits, barren=visits if barren is None else barren)


def test_a_template_that_shows_nothing_new_is_spent_after_its_budget() -> None:
    memory = SliceMemory()
    look(memory, INSTANCES_OF_A_TEMPLATE - 1)
    assert not memory.spent(TEMPLATE, tally(INSTANCES_OF_A_TEMPLATE - 1))
    look(memory, 1)
    assert memory.spent(TEMPLATE, tally(INSTANCES_OF_A_TEMPLATE))


def test_the_budget_grows_with_each_new_form() -> None:
    memory = SliceMemory()
    look(memory, INSTANCES_OF_A_TEMPLATE - 1)
    look(memory, 1, fruitful=True)
    assert not memory.spent(TEMPLATE, tally(INSTANCES_OF_A_TEMPLATE, barren=0))
    look(memory, INSTANCES_OF_A_TEMPLATE - 1)
    assert not memory.spent(TEMPLATE, tally(2 * INSTANCES_OF_A_TEMPLATE - 1, barren=INSTANCES_OF_A_TEMPLATE - 1))
    look(memory, 1)
    assert memory.spent(TEMPLATE, tally(2 * INSTANCES_OF_A_TEMPLATE, barren=INSTANCES_OF_A_TEMPLATE))


def test_what_other_slices_looked_at_counts() -> None:
    assert SliceMemory().spent(TEMPLATE, tally(INSTANCES_OF_A_TEMPLATE))
    assert not SliceMemory().spent(TEMPLATE, tally(INSTANCES_OF_A_TEMPLATE - 1))
    assert not SliceMemory().spent(TEMPLATE, tally(2 * INSTANCES_OF_A_TEMPLATE, barren=INSTANCES_OF_A_TEMPLATE - 1))
    query = f"{TEMPLATE}?sort={{sort}}"
    assert SliceMemory().spent(query, TemplateTally(template=query, visits=1, barren=1, path_barren=QUERIES_OF_A_PATH))


def test_ever_other_queries_of_one_path_are_spent_together() -> None:
    memory = SliceMemory()
    for number in range(QUERIES_OF_A_PATH):
        template = f"https://app.example/list?f{'x' * number}={{f}}"
        assert not memory.spent(template, tally(0))
        look(memory, 1, template=template)
    assert memory.spent("https://app.example/list?another={another}", tally(0))
    assert not memory.spent("https://app.example/list", tally(0))


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


def page_of(*names: str, address: str = "https://app.example/a") -> NewFormPage:
    form = NewForm(fingerprint="", root=1, address=address, address_template=TEMPLATE, title="", signature=())
    return NewFormPage(
        address=address,
        title="",
        path=(),
        verification=Verification(status=VerificationStatus.VERIFIED),
        snapshot=BlobRef(key="k", digest="d", size=1),
        screenshot=None,
        forms=tuple(replace(form, fingerprint=called(name), signature=signature(name)) for name in names),
    )


def signature(name: str) -> tuple[str, ...]:
    """Return fields that are alike for names that begin alike."""
    return (*(f"{name[0]}{number}|" for number in range(19)), f"{name} only|")


def candidate(name: str) -> Candidate:
    return Candidate(signature=signature(name), address_template=TEMPLATE)


def called(name: str) -> str:
    return fingerprint_of(candidate(name))


def known(name: str) -> KnownForm:
    return KnownForm(fingerprint=called(name), address_template=TEMPLATE, signature=signature(name))


def test_a_form_that_another_slice_wrote_first_is_met_again_not_written_again() -> None:
    memory = SliceMemory()
    memory.claim(candidate("a1"))
    waiting = FormSighting(fingerprint=called("a1"), address="https://app.example/b")
    assert memory.ready([waiting], writing=[]) == [], "another tab met it before it was written"
    refolded = memory.refold(Findings(form_pages=[page_of("a1", "b1"), page_of("a1")], sightings=[]), [known("a2")])
    assert [[form.fingerprint for form in page.forms] for page in refolded.form_pages] == [[called("b1")]]
    met = FormSighting(fingerprint=called("a2"), address="https://app.example/a")
    assert list(refolded.sightings) == [met, replace(waiting, fingerprint=called("a2")), met]
    assert memory.ready([waiting], writing=[]) == [replace(waiting, fingerprint=called("a2"))]
    assert memory.known(candidate("a1")) == called("a2")


def test_findings_that_no_other_slice_has_are_written_as_they_are() -> None:
    memory = SliceMemory()
    findings = Findings(form_pages=[page_of("a1")], sightings=[])
    assert memory.refold(findings, [known("b1")]) == findings
    assert memory.refold(findings, [known("a1")]) == findings, "the store counts what it has by this very fingerprint"
