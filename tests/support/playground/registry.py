"""All cases, found in the modules of `groups`."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tests.support.playground import groups
from tests.support.playground.cases import Case, Group


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case, by module and in the order written; raise when two have one id."""
    cases: list[Case] = []
    for module in sorted(iter_modules(groups.__path__), key=lambda one: one.name):
        held = vars(import_module(f"{groups.__name__}.{module.name}"))
        cases.extend(case for group in held.values() if isinstance(group, Group) for case in group.cases)
    ids = [case.id for case in cases]
    twice = {one for one in ids if ids.count(one) > 1}
    assert not twice, f"two cases of one name: {twice}"
    return tuple(cases)
