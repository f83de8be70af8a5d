"""What the tests of the embedded platform share."""

import pytest

from formscout.domain.companies import Caller, Role
from formscout.domain.ids import UserId


@pytest.fixture
def operator() -> Caller:
    """Return the installation's operator."""
    return Caller(user_id=UserId(1), company_id=None, role=Role.OPERATOR)
