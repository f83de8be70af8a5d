"""What a person has sent with a form."""

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request


async def read_body(request: Request, *names: str, required: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the named fields, an unsent one as "", several of one name joined by commas, a file as its name.

    Raises HTTPException 422 when a required field is empty: browsers see to that before, scripts may not.
    """
    async with request.form() as form:
        body = {name: ",".join(_text(value) for value in form.getlist(name)) for name in (*required, *names)}
    missing = [name for name in required if not body[name].strip()]
    if missing:
        raise HTTPException(422, "Please fill in: " + ", ".join(name.replace("_", " ") for name in missing))
    return body


def as_number(text: str) -> float:
    """Return a number that a person typed, 0 for anything else."""
    try:
        return float(text)
    except ValueError:
        return 0


def _text(value: UploadFile | str) -> str:
    return value if isinstance(value, str) else value.filename or ""
