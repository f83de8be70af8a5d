"""How long an application that refuses is left alone, wherever that is kept."""

from typing import Final

FIRST_BACK_OFF_SECONDS: Final = 2.0
"""After the first refusal that does not say for how long."""

LONGEST_BACK_OFF_SECONDS: Final = 60.0
"""However often it refused: an application that is up again should not wait for us long."""

LONGEST_RETRY_AFTER_SECONDS: Final = 300.0
"""Of what an application asks for: a wrong header must not hold a session up for a day."""
