"""The body that says what became of something that was deleted."""

from typing import Literal

from formscout_api.schemas.shapes import View


class DeletedOut(View):
    """It is gone for everybody; its data follows."""

    status: Literal["deleted"] = "deleted"
    message: str = "It is gone for everybody. Its data is removed bit by bit, most of it within minutes."
