"""A small application whose forms are all known, and its staff's entrance: pages for tests of whole crawls."""

import asyncio
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

PAGES: Final = Path(__file__).parent / "misbehaving_pages" / "clinic"
PATIENTS: Final = 8
ROOMS: Final = 30

FORMS: Final = {
    frozenset({"q"}): "the search in every page's header",
    frozenset({"given", "family", "born", "phone"}): "a patient, created and edited",
    frozenset({"remark"}): "a remark on a patient",
    frozenset({"ward", "floor", "beds"}): "in a dialog that a button opens",
    frozenset({"clinic", "postal", "opens"}): "in the first tab",
    frozenset({"receiver", "most", "quiet"}): "in the second tab",
    frozenset({"source", "language", "author"}): "behind a menu's entry",
    frozenset({"file", "what", "seen"}): "in the page, hidden until a link is pressed",
}
"""The clinic's forms, by the names of their fields, and where each is."""

USER: Final = "ada@example.org"
PASSWORD: Final = "correct horse"

PAGES_OF_A_BRIEF_SESSION: Final = 6
"""`/staff/brief/` forgets who is in after so many pages."""

SHIFTS: Final = ("early", "late", "night", "spare")
"""Screens inside with a form of their own each."""


async def _shown(name: str, **values: object) -> Response:
    frame = await asyncio.to_thread((PAGES / "frame.html").read_text)
    text = await asyncio.to_thread((PAGES / f"{name}.html").read_text)
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", str(value))
    return HTMLResponse(frame.replace("{main}", text))


def _list(place: str, word: str, count: int) -> str:
    return "".join(f'<li><a href="/clinic/{place}/{number}">{word} {number}</a></li>' for number in range(1, count + 1))


async def screen(request: Request) -> Response:
    name = request.path_params.get("name", "home")
    lists = {"patients": _list("patients", "Patient", PATIENTS), "rooms": _list("rooms", "Room", ROOMS)}
    if name not in ("home", "patients", "wards", "settings", "notes", "rooms"):
        return HTMLResponse("<h1>Found nothing</h1>")
    return await _shown(name, **lists)


async def new_patient(_request: Request) -> Response:
    return await _shown("patient_form", heading="New patient", action="/clinic/patients")


async def patient(request: Request) -> Response:
    return await _shown("patient", number=request.path_params["number"])


async def edited_patient(request: Request) -> Response:
    number = request.path_params["number"]
    return await _shown("patient_form", heading=f"Patient {number}", action=f"/clinic/patients/{number}")


async def room(request: Request) -> Response:
    return await _shown("room", number=request.path_params["number"])


def _page(title: str, body: str) -> Response:
    return HTMLResponse(f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}</html>')


def _sign_in_page(here: str, *, steps: str, user: str = "", said: str = "") -> Response:
    ask_user = f'<label>E-mail <input name="user" type="email" value="{user}"></label>'
    ask_password = '<label>Password <input name="password" type="password"></label>'
    if steps == "two":
        asked = f'<input type="hidden" name="user" value="{user}">{ask_password}' if user else ask_user
    else:
        asked = ask_user + ask_password
    return _page("Sign in", f'<p>{said}</p><form method="post" action="{here}/login">{asked}<button>Sign in</button></form>')


async def staff_login(request: Request) -> Response:
    steps = request.path_params["steps"]
    here = f"/staff/{steps}"
    if request.method == "GET":
        return _sign_in_page(here, steps=steps)
    sent = await request.form()
    user, password = str(sent.get("user", "")), sent.get("password")
    if password is None:
        return _sign_in_page(here, steps=steps, user=user)
    if (user, password) != (USER, PASSWORD):
        return _sign_in_page(here, steps=steps, said="User name or password is wrong.")
    request.app.state.pages_left = PAGES_OF_A_BRIEF_SESSION
    answer = RedirectResponse(f"{here}/", status_code=303)
    answer.set_cookie("staff", "in")
    return answer


async def staff(request: Request) -> Response:
    """Show the inside to those who are in."""
    here = f"/staff/{request.path_params['steps']}"
    if request.cookies.get("staff") != "in" or _is_over(request):
        return RedirectResponse(f"{here}/login")
    screen = request.path_params.get("screen")
    if screen is not None:
        names = ("shift", "nurse", "doctor") if screen == "desk" else (f"{screen}_from", f"{screen}_to", f"{screen}_who")
        fields = "".join(f"<label>{name} <input name={name}></label>" for name in names)
        return _page(screen, f'<form method="post" action="{here}/{screen}">{fields}<button>Save</button></form>')
    links = "".join(f'<a href="{here}/{shift}">{shift}</a> ' for shift in SHIFTS if here.endswith("brief"))
    return _page("Staff", f'<a href="{here}/desk">Desk</a> {links}<a href="{here}/logout">Sign out</a>')


def _is_over(request: Request) -> bool:
    """Count a page of a brief session and tell whether it was one too many."""
    if request.path_params["steps"] != "brief":
        return False
    request.app.state.pages_left -= 1
    return bool(request.app.state.pages_left < 0)


async def staff_logout(request: Request) -> Response:
    answer = RedirectResponse(f"/staff/{request.path_params['steps']}/login")
    answer.delete_cookie("staff")
    return answer


ROUTES: Final = [
    Route("/clinic/", screen),
    Route("/clinic/patients/new", new_patient),
    Route("/clinic/patients/{number:int}", patient),
    Route("/clinic/patients/{number:int}/edit", edited_patient),
    Route("/clinic/rooms/{number:int}", room),
    Route("/clinic/{name}", screen),
    Route("/staff/{steps}/login", staff_login, methods=["GET", "POST"]),
    Route("/staff/{steps}/logout", staff_logout),
    Route("/staff/{steps}/", staff),
    Route("/staff/{steps}/{screen}", staff),
]
