"""Scripts that are run inside pages, one file each."""

from functools import cache
from importlib.resources import files


@cache
def script(name: str) -> str:
    """Return the source of the script `name.js`, one function expression."""
    return (files(__package__) / f"{name}.js").read_text(encoding="utf-8")
