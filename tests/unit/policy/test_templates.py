"""Parts of an address that name a record are told from parts that name a screen."""

import pytest

from formscout_discovery.policy.templates import TemplateLearner, path_template, template_of

SITE = "https://app.example"


@pytest.mark.parametrize(
    ("address", "template"),
    [
        ("/orders/17/edit", "/orders/{id}/edit"),
        ("/orders/8b0d9d5e-24a3-4b7a-9b57-2f1c2f4f6a11", "/orders/{id}"),
        ("/commits/9fceb02d0ae598e95dc970b74767f19372d61af8", "/commits/{id}"),
        ("/diary/2024-05-17", "/diary/{id}"),
        ("/invoices/INV-2024-0012", "/invoices/{id}"),
        ("/issues/12.json", "/issues/{id}.json"),
        ("/users/new", "/users/new"),
        ("/wizard/step-2", "/wizard/step-2"),
        ("/api/v1/status", "/api/v1/status"),
        ("/list?page=3&sort=name", "/list?page={page}&sort={sort}"),
        ("/settings?tab=mail", "/settings?tab=mail"),
        ("/list?sort=name&page=4", "/list?page={page}&sort={sort}"),
        ("/row?item12=1", "/row?item#={item#}"),
        ("/app#/orders/7", "/app#/orders/{id}"),
        ("/page#chapter", "/page"),
    ],
)
def test_an_address_has_its_template(address: str, template: str) -> None:
    assert template_of(SITE + address) == SITE + template


def test_a_template_is_its_own_template() -> None:
    once = template_of(f"{SITE}/orders/17?page=2#/x/4")
    assert template_of(once) == once


def test_the_path_of_a_template_leaves_the_query_out() -> None:
    assert path_template(f"{SITE}/list?page={{page}}#/tab") == f"{SITE}/list#/tab"
    assert path_template(f"{SITE}/list#/tab") == f"{SITE}/list#/tab"


def learned(*paths: str) -> TemplateLearner:
    learner = TemplateLearner()
    for path in paths:
        learner.learn(SITE + path)
    return learner


def test_siblings_with_the_same_screens_below_them_are_records() -> None:
    learner = learned(*(f"/projects/{name}/{screen}" for name in ("apollo", "gemini") for screen in ("wiki", "files", "news")))
    assert learner.template(f"{SITE}/projects/apollo/wiki") == f"{SITE}/projects/{{slug}}/wiki"
    assert learner.template(f"{SITE}/projects/new") == f"{SITE}/projects/new"


def test_record_types_that_share_only_what_is_done_to_one_record_stay_apart() -> None:
    learner = learned(*(f"/snippets/{kind}/{route}" for kind in ("banner", "footer") for route in ("add", "edit", "history", "usage")))
    assert learner.template(f"{SITE}/snippets/banner/add") == f"{SITE}/snippets/banner/add"


def test_names_that_only_differ_by_a_number_are_records_below_a_plural() -> None:
    learner = learned("/projects/project-1/wiki", "/projects/project-2/wiki", "/wizard/step-1", "/wizard/step-2")
    assert learner.template(f"{SITE}/projects/project-1/wiki") == f"{SITE}/projects/{{slug}}/wiki"
    assert learner.template(f"{SITE}/wizard/step-1") == f"{SITE}/wizard/step-1"


def test_a_crowd_of_siblings_is_records_wherever_it_stands() -> None:
    words = [first + second for first in "abcdefgh" for second in ("lpha", "eta", "amma", "elta", "psilon", "eta2")]
    learner = learned(*(f"/blog/{word}" for word in words))
    assert learner.template(f"{SITE}/blog/{words[0]}") == f"{SITE}/blog/{{slug}}"
