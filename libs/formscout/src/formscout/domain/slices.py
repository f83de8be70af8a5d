"""How many slices a crawl session works in at once."""

from dataclasses import dataclass
from typing import Final

from formscout.domain.networks import SignIn

DEFAULT_SLICES: Final = 4
"""Of one session at once, unless asked otherwise: with two tabs each as hard as a small team presses an application."""

MOST_SLICES: Final = 32
"""Of one session at once, whatever is asked for; every visit locks the session's row, so more would wait for each other."""

PAGES_A_SLICE: Final = 20
"""Waiting pages for each slice: a further one starts a browser and presses the controls of every page anew, a minute's work or so."""

INSTANCES_THAT_COUNT: Final = 3
"""Waiting pages of one template that count as work: of a list's hundred entries most are skipped unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The pages of a session that a slice could take up now."""

    pages: int
    worth: int  # no more than `INSTANCES_THAT_COUNT` of a template


def most_slices(sign_in: SignIn, *, asked: int) -> int:
    """Return how many slices of a session may run at once, `asked` being its own bound.

    Applications keep the state of a view (a wizard's step, a filter, a record being edited) with the account's session, so two browsers
    signed in with one account would change pages under each other: one at a time, unless the network says that it does no harm.
    """
    return 1 if sign_in.signs_in and not sign_in.parallel else asked


def slices_wanted(worth: int, *, most: int, pages_a_slice: int = PAGES_A_SLICE) -> int:
    """Return how many slices so many pages that wait justify: at least one, at most `most`."""
    return max(1, min(most, worth // pages_a_slice))
