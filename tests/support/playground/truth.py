"""The truth of a case as machines read it."""

import json

from tests.support.playground.cases import Case
from tests.support.playground.server import Running


def truth_of(case: Case, running: Running) -> str:
    """Return what is there and what must not happen, as one line of JSON."""
    site = running.site
    return json.dumps(
        {
            "case": case.id,
            "title": case.title,
            "modes": site.modes,
            "forms": [truth.document() | {"exact": truth.exact, "modes": truth.modes} for truth in site.forms],
            "harmful": site.harmful,
            "allowed": site.allowed,
            "atMost": site.at_most,
            "mostVisits": site.most_visits,
            "mostClicks": site.most_clicks,
            "failure": site.failure,
            "outcomes": site.outcomes,
            "account": None if site.account is None else {"user": site.account.user, "password": site.account.password},
        },
        ensure_ascii=False,
    )
