"""How a page is drawn, its parts that all pages share included."""

from importlib.resources import files
from math import ceil
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

NAVIGATION = (
    ("/", "Dashboard", "home"),
    ("/customers", "Customers", "people"),
    ("/orders", "Orders", "cart"),
    ("/products", "Products", "box"),
    ("/suppliers", "Suppliers", "truck"),
    ("/board", "Board", "board"),
    ("/support", "Support", "chat"),
    ("/help", "Help", "book"),
    ("/settings", "Settings", "gear"),
)
STATIC_FILES = files(__package__).joinpath("static")


def make_templates() -> Environment:
    """Return the environment that all templates are drawn with."""
    environment = Environment(loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals["navigation"] = NAVIGATION
    environment.filters["money"] = lambda amount: f"£{amount:,.2f}"
    return environment


def page(request: Request, template: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
    """Draw a template; it sees the user, the request and the message left by the action before."""
    environment: Environment = request.app.state.templates
    values |= {
        "request": request,
        "path": request.url.path,
        "user": request.state.user,
        "message": request.session.pop("message", ""),
    }
    return HTMLResponse(environment.get_template(template).render(values), status_code=status)


def go(request: Request, to: str, message: str = "") -> RedirectResponse:
    """Answer an action: show another page and what was done."""
    if message:
        request.session["message"] = message
    return RedirectResponse(to, status_code=303)


def not_found() -> HTTPException:
    """Return what to raise when a record is not there."""
    return HTTPException(404, "There is no such record.")


class Paging:
    """The page of a list that an address asks for, and the addresses of the others."""

    def __init__(self, request: Request, total: int, size: int = 25) -> None:
        asked = request.query_params.get("page", "1")
        self.total = total
        self.size = size
        self.last = max(1, ceil(total / size))
        self.number = min(max(int(asked) if asked.isdigit() else 1, 1), self.last)
        self._others = [(key, value) for key, value in request.query_params.multi_items() if key != "page"]

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size

    @property
    def near(self) -> list[int]:
        """The numbers to offer: the first, the last and those around the present one."""
        around = {1, self.last, *range(self.number - 2, self.number + 3)}
        return sorted(number for number in around if 1 <= number <= self.last)

    def address(self, number: int) -> str:
        """Return the query string of another page of the same list."""
        return "?" + urlencode([*self._others, ("page", str(number))])
