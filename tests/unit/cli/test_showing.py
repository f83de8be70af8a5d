"""What the command line prints."""

import csv
import io
import shlex

import pytest

from formscout.cli.following import failure_of
from formscout.cli.inventories import as_csv
from formscout.cli.target import Application
from formscout.cli.up import curls
from formscout.domain.errors import InvalidInputError


def test_each_curl_can_be_pasted_into_a_shell() -> None:
    post, status, stats = curls("http://127.0.0.1:8000", "fsk_k", {"network_id": 1}, "some-id")
    arguments = shlex.split(post)
    assert arguments[arguments.index("-d") + 1] == '{"network_id": 1}'
    assert all("Authorization: Bearer fsk_k" in shlex.split(command) for command in (post, status, stats))
    assert "http://127.0.0.1:8000/api/crawl/status/some-id" in shlex.split(status)


def test_a_cell_that_a_spreadsheet_would_run_is_made_text() -> None:
    field = {"name": "a", "key": "a", "label": "=HYPERLINK(1)", "type": "text", "semanticType": "text", "required": False}
    form = {"id": "f", "purpose": "other", "title": 'x, "y"', "address": "http://a/", "fields": [field]}
    rows = list(csv.DictReader(io.StringIO(as_csv({"forms": [form]}))))
    assert rows[0]["label"] == "'=HYPERLINK(1)"
    assert rows[0]["title"] == 'x, "y"'


def test_why_a_discovery_failed_is_said_with_its_code() -> None:
    failed = {"state": "FAILURE", "status": "Failed", "error": {"code": "sign_in_failed", "message": "It did not let us in."}}
    assert failure_of(failed) == "It did not let us in. (sign_in_failed)"
    assert failure_of({"state": "REVOKED", "status": "Cancelled.", "error": None}) == "Cancelled."
    assert failure_of({"state": "SUCCESS", "status": "Done", "error": None}) is None


@pytest.mark.parametrize(
    "given",
    [
        {"url": "ftp://a/"},
        {"url": "http://a/", "username": "u"},
        {"url": "http://a/", "password": "p"},
        {"url": "http://a/", "sign_in_url": "http://a/in"},
        {"url": "http://u:p@a/"},
    ],
)
def test_an_application_that_cannot_be_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        Application(**given)  # type: ignore[arg-type] # the cases differ in what they give
