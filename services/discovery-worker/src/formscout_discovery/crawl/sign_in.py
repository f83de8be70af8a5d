"""Signing in with a user name and a password alone, and the proof that it worked."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import CrawlError
from formscout.domain.forms import ButtonType, FieldReading, FormReading
from formscout.domain.networks import Credentials
from formscout.domain.urls import normalise, resolve
from formscout.security.one_time_codes import code
from formscout_discovery.crawl.front_door import require_answer
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Browser, Cause, Tab
from formscout_discovery.crawl.state import State, read_state
from formscout_discovery.detection.folding import fields_of
from formscout_discovery.detection.scoring import fillable
from formscout_discovery.policy.hazards import hazard_of_control

TRIES: Final = 2
"""More could lock the account."""

FIELDS_OF_A_SIGN_IN: Final = 4
"""User name, password, tenant, a code: what asks for more is a registration or a profile."""

LOOKS_FOR_A_FORM: Final = 10
LOOKS_FOR_THE_PROOF: Final = 12
SECONDS_BETWEEN_LOOKS: Final = 1.0
"""A busy machine needs 5 to 15 s to draw a single-page application: no form yet is not no form."""

USUAL_ADDRESSES: Final = ("login", "signin", "sign-in", "users/sign_in", "accounts/login/", "auth/login", "admin/login", "user/login")
"""Tried last, where neither the page nor its links lead to a form."""

SIGN_IN_WORDS: Final = re.compile(
    r"\b(log[ -]?[io]n|sign[ -]?in|anmelde?n?|einloggen|connexion|se connecter|connecter|identifi\w+|iniciar sesi[oó]n|acceder|entrar|"
    r"ingresar|acceso|accedi|inloggen|aanmelden|logga in|log ind|logg inn|kirjaudu|zaloguj|přihlásit|prihlásiť|bejelentkezés|"
    r"autentificare|oturum aç|giriş|войти|вход|увійти|σύνδεση)\b|登录|登入|ログイン|サインイン|로그인|เข้าสู่ระบบ|تسجيل الدخول|כניסה|התחבר",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    r"user|login|e-?mail|name|account|benutzer|konto|identifi|usuario|correo|utente|gebruiker|usuário|логин|почт|用户|账号|ユーザ|メール",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"otp|2fa|mfa|totp|one-?time|authenticat|verification|\bcode\b|token|einmal|bestätigungscode|código|codice", re.IGNORECASE
)
_STAY = re.compile(r"remember|stay|keep|angemeldet|rester|recordar|ricorda|onthoud", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInForm:
    """A form that takes a user name, a password, or first the one and then the other."""

    form: FormReading
    user: FieldReading | None
    password: FieldReading | None


def sign_in_form(state: State) -> SignInForm | None:
    """Return the page's sign-in form: one password among few fields, or a user name alone on a page that speaks of signing in."""
    shown = state.shown()
    for form in shown:
        fields = [field for field in fillable(form) if field.visible]
        passwords = [field for field in fields if field.type == "password"]
        texts = [field for field in fields if field.type in ("text", "email", "tel", "username", "search")]
        if (
            len(passwords) == 1
            and len(fields) - sum(map(_stays_signed_in, fields)) <= FIELDS_OF_A_SIGN_IN
            and passwords[0].autocomplete != "new-password"
        ):
            return SignInForm(form=form, user=_user_field(texts), password=passwords[0])
    for form in shown:
        fields = [field for field in fillable(form) if field.visible and not _stays_signed_in(field)]
        if len(fields) == 1 and fields[0].type in ("text", "email") and _names_a_person(fields[0]) and _speaks_of_signing_in(state, form):
            return SignInForm(form=form, user=fields[0], password=None)
    return None


def code_form(state: State) -> tuple[FormReading, FieldReading] | None:
    """Return the form that asks for a one-time code, and its field."""
    for form in state.shown():
        fields = [field for field in fillable(form) if field.visible and not _stays_signed_in(field)]
        if len(fields) == 1 and (
            fields[0].autocomplete == "one-time-code" or _CODE.search(f"{fields[0].name} {fields[0].label} {fields[0].placeholder or ''}")
        ):
            return form, fields[0]
    return None


def _user_field(texts: list[FieldReading]) -> FieldReading | None:
    return next((field for field in texts if _names_a_person(field)), texts[0] if texts else None)


def _names_a_person(field: FieldReading) -> bool:
    return (
        field.type == "email"
        or field.autocomplete in ("username", "email")
        or bool(_IDENTITY.search(f"{field.name} {field.label} {field.placeholder or ''}"))
    )


def _stays_signed_in(field: FieldReading) -> bool:
    return field.type in ("checkbox", "switch") or bool(_STAY.search(field.name))


def _speaks_of_signing_in(state: State, form: FormReading) -> bool:
    words = " ".join([state.snapshot.address, state.snapshot.title, form.title, *(button.label for button in form.buttons)])
    return bool(SIGN_IN_WORDS.search(words.replace("/", " ").replace("_", " ")))


async def find_sign_in(work: Slice, tab: Tab) -> State:
    """Go to the sign-in form and return the page it is on; raise `CrawlError` if there is none."""
    given = work.plan.sign_in.sign_in_url
    start = given or work.plan.base
    arrival = await tab.open(start, cause=Cause.OPENING)
    require_answer(start, arrival.outcome, arrival.sentence)
    state = await _wait_for(
        tab, lambda it: sign_in_form(it) is not None, looks=LOOKS_FOR_A_FORM, stop=lambda it: _is_drawn(it) and not given
    )
    if sign_in_form(state) is not None:
        return state
    for address in _addresses(work, state):
        arrival = await tab.open(address)
        if arrival.status is not None and arrival.status >= 400:  # noqa: PLR2004 (HTTP errors begin there)
            continue
        state = await _wait_for(tab, lambda it: sign_in_form(it) is not None, looks=3)
        if sign_in_form(state) is not None:
            return state
    state = await _press_to_it(tab, start)
    if sign_in_form(state) is not None:
        return state
    raise CrawlError(
        FailureReason.SIGN_IN_FORM_NOT_FOUND,
        f"No sign-in form was found at {start} nor behind its links. Give the address of the form as the network's sign-in address.",
    )


def _is_drawn(state: State) -> bool:
    """Tell whether the page shows links or forms at all: then a form that is not there will not come."""
    links = sum(node.tag == "a" and node.visible for node in state.snapshot.nodes)
    return bool(state.shown()) or links > 2  # noqa: PLR2004 (a page being loaded shows a logo and a skip link at most)


def _addresses(work: Slice, state: State) -> list[str]:
    """Return where the form may be: links that say so, then the usual addresses."""
    found: dict[str, None] = {}
    for node in state.snapshot.nodes:
        href = node.attributes.get("href")
        if node.tag == "a" and href and SIGN_IN_WORDS.search(f"{node.name or ''} {href.replace('/', ' ').replace('_', ' ')}"):
            address = resolve(state.snapshot.address, href)
            if (
                address is not None
                and work.plan.scope.signs_in(address)
                and not hazard_of_control(node.name or "", "link", node.attributes)
            ):
                found[address] = None
    for path in USUAL_ADDRESSES:
        address = resolve(work.plan.base, "/" + path)
        if address is not None:
            found[address] = None
    return list(found)


async def _press_to_it(tab: Tab, start: str) -> State:
    """Open the start again and press what says "sign in"."""
    await tab.open(start)
    state = await read_state(tab)
    for node in state.snapshot.nodes:
        pressable = node.tag == "button" or node.role in ("button", "link", "menuitem")
        if node.visible and pressable and SIGN_IN_WORDS.search(node.name or ""):
            if await tab.press(state.locator.of(node.id)) is None:
                continue
            return await _wait_for(tab, lambda it: sign_in_form(it) is not None, looks=3)
    return state


async def _wait_for(tab: Tab, done: Callable[[State], bool], *, looks: int, stop: Callable[[State], bool] = lambda _: False) -> State:
    """Look at the page again and again until it is as wanted, or surely will not be."""
    state = await read_state(tab)
    for _ in range(looks):
        if done(state) or stop(state):
            break
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        state = await read_state(tab)
    return state


async def sign_in(work: Slice, tab: Tab) -> None:
    """Sign in and remember the form by which a lost session shows; raise `CrawlError` if the application does not let us in.

    Two tries at most: by the form's button, then by the Enter key.
    """
    credentials = work.plan.credentials
    if credentials is None:
        raise CrawlError(
            FailureReason.SIGN_IN_FAILED, "The network names a user but no password is stored. Store the password with its sign-in."
        )
    for attempt in range(TRIES):
        state = await find_sign_in(work, tab)
        form = sign_in_form(state)
        if form is None:
            break
        work.memory.sign_in_fields = fields_of(state.candidate(form.form).signature)
        work.memory.sign_in_address = normalise(state.snapshot.address)
        before = await work.browser.state()
        if await _fill_and_send(work, tab, state, form, credentials, by_button=attempt == 0) and await _is_in(
            tab, work.browser, before, state
        ):
            work.memory.sign_in_generation += 1
            return
    raise CrawlError(
        FailureReason.SIGN_IN_FAILED,
        f"The sign-in form at {work.memory.sign_in_address or work.plan.base} was sent and the application did not let us in. "
        "Check user name and password.",
    )


async def _fill_and_send(work: Slice, tab: Tab, state: State, form: SignInForm, credentials: Credentials, *, by_button: bool) -> bool:
    """Fill in what the form asks for, send it, and go on while it asks for more; False when it could not be sent."""
    user = work.plan.sign_in.username or ""
    if form.user is not None and not await tab.fill(form.user.locators, user):
        return False
    if form.password is None:
        await _send(tab, form.form, by_button=by_button)
        state = await _wait_for(
            tab, lambda it: (found := sign_in_form(it)) is not None and found.password is not None, looks=LOOKS_FOR_A_FORM
        )
        form = sign_in_form(state) or form
        if form.password is None:
            return False
    if form.password is None or not await tab.fill(form.password.locators, credentials.password):
        return False
    await _send(tab, form.form, by_button=by_button)
    if credentials.totp_secret:
        await _give_code(tab, credentials.totp_secret)
    return True


async def _give_code(tab: Tab, secret: str) -> None:
    state = await _wait_for(tab, lambda it: code_form(it) is not None, looks=3, stop=lambda it: sign_in_form(it) is None and _is_drawn(it))
    asked = code_form(state)
    if asked is None:
        return
    form, field = asked
    if await tab.fill(field.locators, code(secret, at=time.time())):
        await _send(tab, form, by_button=True)


async def _send(tab: Tab, form: FormReading, *, by_button: bool) -> None:
    button = next((b for b in form.buttons if b.type is ButtonType.SUBMIT), None) or next(
        (b for b in form.buttons if b.type is ButtonType.BUTTON), None
    )
    if by_button and button is not None and await tab.submit(button.locators, cause=Cause.SIGNING_IN) is not None:
        return
    await tab.submit(None, cause=Cause.SIGNING_IN)


async def _is_in(tab: Tab, browser: Browser, before: bytes, form_page: State) -> bool:
    """Tell whether we are in: the form is gone, no code is asked for, and cookies, storage or the address are others than before."""
    state = await _wait_for(tab, lambda it: sign_in_form(it) is None and code_form(it) is None and _is_drawn(it), looks=LOOKS_FOR_THE_PROOF)
    if sign_in_form(state) is not None or code_form(state) is not None:
        return False
    return await browser.state() != before or state.key != form_page.key
