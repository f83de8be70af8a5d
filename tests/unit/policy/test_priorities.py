"""What likely leads to new forms is visited first."""

from formscout.domain.pages import PageSource
from formscout_discovery.policy.priorities import FIRST, priority

SITE = "https://app.example"


def of(path: str, *, source: PageSource = PageSource.LINK, depth: int = 2, label: str = "", instances: int = 0) -> int:
    return priority(SITE + path, source=source, depth=depth, label=label, instances=instances)


def test_the_base_address_comes_first() -> None:
    assert priority(SITE + "/", source=PageSource.BASE, depth=0) == FIRST


def test_words_of_forms_come_before_other_pages_by_address_or_by_label() -> None:
    assert of("/customers/new") < of("/customers/list")
    assert of("/x", label="Kunden anlegen") < of("/x", label="Kunden")
    assert of("/items/+") < of("/items/all")


def test_an_unseen_template_comes_before_a_further_instance() -> None:
    assert of("/orders/1") < of("/orders/2", instances=1) < of("/orders/3", instances=2)


def test_what_sorts_and_turns_lists_comes_late() -> None:
    assert of("/orders") < of("/orders?status=open") < of("/orders?page=2")


def test_shallow_comes_before_deep() -> None:
    assert of("/a", depth=1) < of("/a", depth=4)


def test_what_a_person_can_press_comes_before_strings_of_scripts() -> None:
    assert of("/a", source=PageSource.PRESS) < of("/a") < of("/a", source=PageSource.SITEMAP) < of("/a", source=PageSource.SCRIPT)
