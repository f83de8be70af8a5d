"""Bodies of health."""

from typing import Literal

from formscout_api.schemas.shapes import View


class Live(View):
    """The process turns."""

    status: Literal["ok"]


class Ready(View):
    """Whether requests can be answered."""

    status: Literal["ok", "unavailable"]
    database: Literal["up", "down"]
    redis: Literal["up", "down"]
