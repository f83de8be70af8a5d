"""Ways to sign in, from address, user and password alone; and what happens to a session afterwards."""

import base64
import hmac
import struct
import time
from collections.abc import Callable
from typing import Any

from tests.support.playground.cases import Account, Answer, Ask, Group, Page, Site, Truth, at, away, form, told
from tests.support.playground.html import Form
from tests.support.playground.kit import Kit

SIGNING_IN = Group("signing-in")

ADA = Account()
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SHORT_SECRET = "JBSWY3DPEHPK3PXP"  # 80 bits, as many applications give out
COOKIE = {"Set-Cookie": "sid=ada; Path=/"}
FORM = '<form action="/login" method="post"><p><label>{0} <input name="user" type="{1}"></label></p><p><label>{2} <input type="password" name="pass"></label></p><button>{3}</button></form>'
PLAIN = FORM.format("User name", "text", "Password", "Sign in")
SIGN_IN_TRUTH = form("user=User name", "pass=Password", where="*", exact=False)


def right(ask: Ask) -> bool:
    return ask.sent.get("user") == ADA.user and ask.sent.get("pass") == ADA.password


def inside(ask: Ask) -> bool:
    return ask.cookies.get("sid") == "ada"


def guarded(page: Page, login: str = "/login") -> Callable[[Ask], str | Answer]:
    """Return a page that sends strangers to the sign-in."""

    def guard(ask: Ask) -> str | Answer:
        if not inside(ask):
            return away(f"{login}?next={ask.path}")
        shown = page(ask) if callable(page) else page
        return shown if isinstance(shown, Answer) else shown + '<p><a href="/logout">Log out</a></p>'

    return guard


def locked(
    kit: Kit, login: Page, *, truth: Truth | None = None, account: Account = ADA, pages: dict[str, Page] | None = None, **more: Any
) -> Site:
    """Return an application behind a sign-in: its form is found only by who got in."""
    one: Form = kit.form()
    held: dict[str, Page] = {"/": guarded(kit.link(one)), one.path: guarded(one.html), "/login": login, **(pages or {})}
    forms = (at(one),) if truth is None else (at(one), truth)
    given = {"allowed": ("POST /login*",), "at_most": {"POST /login*": 2, "GET /logout*": 0}} | more
    return Site(pages=held, forms=forms, account=account, **given)


def checked(page: str, check: Callable[[Ask], bool] = right) -> Callable[[Ask], str | Answer]:
    """Return a sign-in page that lets in who knows."""

    def login(ask: Ask) -> str | Answer:
        if ask.method == "POST":
            return away("/", 303, **COOKIE) if check(ask) else Answer(body=f'<p role="alert">Wrong.</p>{page}', status=200)
        return page

    return login


@SIGNING_IN.case("User, password, button")
def plain(kit: Kit) -> Site:
    return locked(kit, checked(PLAIN), truth=SIGN_IN_TRUTH)


@SIGNING_IN.case("In German, with a mail address and a box for staying signed in")
def german(kit: Kit) -> Site:
    page = FORM.format("E-Mail-Adresse", "email", "Kennwort", "Anmelden").replace(
        "<button>", '<label><input type="checkbox" name="keep"> Angemeldet bleiben</label><button>'
    )
    return locked(kit, checked(page), truth=form("user=E-Mail-Adresse", "pass=Kennwort", "keep=Angemeldet bleiben", where="*", exact=False))


@SIGNING_IN.case("A hidden token that must come back")
def csrf(kit: Kit) -> Site:
    page = PLAIN.replace("<p>", '<input type="hidden" name="token" value="t-4711"><p>', 1)
    return locked(kit, checked(page, lambda ask: right(ask) and ask.sent.get("token") == "t-4711"), truth=SIGN_IN_TRUTH)


@SIGNING_IN.case("Behind a link on an open first page")
def behind_link(kit: Kit) -> Site:
    one, two = kit.forms(2)

    def home(ask: Ask) -> str:
        return (
            f"{kit.link(one)}<a href='/logout'>Log out</a>"
            if inside(ask)
            else f'<h1>Welcome</h1>{kit.link(two)}<a href="/login">Sign in</a>'
        )

    pages: dict[str, Page] = {"/": home, one.path: guarded(one.html), two.path: two.html, "/login": checked(PLAIN)}
    forms = (at(one), SIGN_IN_TRUTH)
    return Site(
        pages=pages,
        forms=(*forms, at(two, optional=True)),
        account=ADA,
        allowed=("POST /login*",),
        at_most={"POST /login*": 2, "GET /logout*": 0},
    )


@SIGNING_IN.case("Two steps on two pages: first who, then the password")
def two_pages(kit: Kit) -> Site:
    who = '<form action="/login" method="post"><label>Email <input type="email" name="user"></label><button>Next</button></form>'
    word = '<form action="/login" method="post"><input type="hidden" name="user" value="ada@example.org"><label>Password <input type="password" name="pass"></label><button>Sign in</button></form>'

    def login(ask: Ask) -> str | Answer:
        if ask.method == "POST" and "pass" in ask.sent:
            return away("/", 303, **COOKIE) if right(ask) else word
        return word if ask.method == "POST" else who

    truth = form("user=Email", where="*", exact=False)
    built = locked(kit, login, truth=truth, at_most={"POST /login*": 4, "GET /logout*": 0})
    built.forms = (*built.forms, form("pass=Password", where="*", exact=False, optional=True))
    return built


@SIGNING_IN.case("Two steps on one page, drawn by a script")
def two_steps_script(kit: Kit) -> Site:
    script = """const go = async () => { if (!document.querySelector('[type=password]')) {
        p.innerHTML = '<label>Password <input type="password" id="w"></label>'; b.textContent = 'Sign in'; return }
      const r = await fetch('/login', {method: 'POST', body: JSON.stringify({user: u.value, pass: w.value})}); if (r.ok) location = '/' }"""
    page = f'<div><label>Email <input id="u" type="email"></label><div id="p"></div><button id="b" onclick="go()">Continue</button></div><script>{script}</script>'
    return locked(kit, api_login(page), truth=form("=Email", where="*", exact=False))


def api_login(page: str) -> Callable[[Ask], str | Answer]:
    """Return a sign-in that a script sends as JSON."""

    def login(ask: Ask) -> str | Answer:
        if ask.method == "POST":
            return told('{"ok": true}', **COOKIE) if right(ask) else Answer(body="{}", status=401)
        return page

    return login


@SIGNING_IN.case("“Continue with e-mail” first")
def continue_with_mail(kit: Kit) -> Site:
    page = f'<a href="https://idp.example/oauth">Continue with Big Search</a><button onclick="f.hidden=false">Continue with e-mail</button><div id="f" hidden>{PLAIN}</div>'
    return locked(kit, checked(page), truth=SIGN_IN_TRUTH)


def codes(secret: str) -> set[str]:
    """Return the codes of RFC 6238 that are right now, and those just before and after."""
    key, found = base64.b32decode(secret), set()
    for step in range(-2, 3):
        digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + step), "sha1").digest()
        at_byte = digest[-1] & 15
        found.add(f"{(struct.unpack('>I', digest[at_byte : at_byte + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}")
    return found


def with_code(kit: Kit, secret: str) -> Site:
    """Return an application that asks for a code after the password."""
    code = '<form action="/login/code" method="post"><label>Authentication code <input name="code" inputmode="numeric" autocomplete="one-time-code"></label><button>Verify</button></form>'

    def login(ask: Ask) -> str | Answer:
        if ask.method == "POST":
            return away("/login/code", 303, **{"Set-Cookie": "half=1; Path=/"}) if right(ask) else PLAIN
        return PLAIN

    def second(ask: Ask) -> str | Answer:
        good = ask.method == "POST" and ask.sent.get("code") in codes(secret)
        return away("/", 303, **COOKIE) if good else code

    built = locked(
        kit, login, truth=SIGN_IN_TRUTH, account=Account(totp=secret), pages={"/login/code": second}, at_most={"POST /login*": 5}
    )
    built.forms = (*built.forms, form("code=Authentication code", where="*", exact=False, optional=True))
    return built


@SIGNING_IN.case("A code from an authenticator afterwards")
def totp(kit: Kit) -> Site:
    return with_code(kit, SECRET)


@SIGNING_IN.case("The same with a secret of 80 bits")
def totp_short(kit: Kit) -> Site:
    return with_code(kit, SHORT_SECRET)


@SIGNING_IN.case("In a dialog on the first page")
def dialog(kit: Kit) -> Site:
    one = kit.form()

    def home(ask: Ask) -> str:
        return (
            kit.link(one)
            if inside(ask)
            else f'<h1>Welcome</h1><button onclick="d.showModal()">Log in</button><dialog id="d">{PLAIN}</dialog>'
        )

    pages: dict[str, Page] = {"/": home, one.path: guarded(one.html, "/"), "/login": checked(PLAIN)}
    return Site(pages=pages, forms=(at(one), SIGN_IN_TRUTH), account=ADA, allowed=("POST /login*",), at_most={"POST /login*": 2})


@SIGNING_IN.case("In a shadow root, without a form element")
def shadow(kit: Kit) -> Site:
    script = """customElements.define('x-login', class extends HTMLElement { constructor() { super(); const r = this.attachShadow({mode: 'open'});
      r.innerHTML = '<label>User name <input id=u></label><label>Password <input id=w type=password></label><button>Sign in</button>';
      r.querySelector('button').onclick = async () => { const q = await fetch('/login', {method: 'POST', body: JSON.stringify({user: r.querySelector('#u').value, pass: r.querySelector('#w').value})}); if (q.ok) location = '/' } } })"""
    return locked(
        kit, api_login(f"<x-login></x-login><script>{script}</script>"), truth=form("=User name", "=Password", where="*", exact=False)
    )


@SIGNING_IN.case("In a frame")
def frame(kit: Kit) -> Site:
    inner = PLAIN.replace("<form", '<form target="_top"')
    return locked(
        kit,
        '<iframe src="/login/frame" width="400" height="300"></iframe>',
        truth=SIGN_IN_TRUTH,
        pages={"/login/frame": inner, "/login": sign_in_or('<iframe src="/login/frame" width="400" height="300"></iframe>')},
    )


def sign_in_or(page: str) -> Callable[[Ask], str | Answer]:
    return checked(page)


@SIGNING_IN.case("A session kept in the browser's storage, not in cookies")
def storage(kit: Kit) -> Site:
    one = kit.form()
    app = """<main id="app"></main><script>const draw = async () => { if (!localStorage.token) { app.innerHTML = `LOGIN`; return }
      const r = await fetch('/api' + location.pathname, {headers: {Authorization: 'Bearer ' + localStorage.token}}); app.innerHTML = r.ok ? await r.text() : 'No' };
      const go = async () => { const r = await fetch('/login', {method: 'POST', body: JSON.stringify({user: u.value, pass: w.value})});
      if (r.ok) { localStorage.token = (await r.json()).token; draw() } }; draw()</script>"""
    login = '<label>User name <input id="u"></label><label>Password <input id="w" type="password"></label><button onclick="go()">Sign in</button>'
    shell = app.replace("LOGIN", login)

    def api(ask: Ask) -> Answer:
        if ask.headers.get("authorization") != "Bearer t-77":
            return Answer(status=401)
        return told(one.html if ask.path.endswith(one.path) else kit.link(one), "text/html")

    pages: dict[str, Page] = {
        "/*": shell,
        "/": shell,
        "/api/*": api,
        "/login": lambda ask: told('{"token": "t-77"}') if right(ask) else Answer(status=401),
    }
    truth = form("=User name", "=Password", where="*", exact=False)
    return Site(pages=pages, forms=(at(one), truth), account=ADA, allowed=("POST /login*",), at_most={"POST /login*": 2})


@SIGNING_IN.case("A given address of the sign-in form that nothing leads to")
def given_address(kit: Kit) -> Site:
    one = kit.form()

    def home(ask: Ask) -> str | Answer:
        return kit.link(one) if inside(ask) else Answer(body="<h1>Members only</h1>", status=403)

    pages: dict[str, Page] = {"/": home, one.path: guarded(one.html), "/portal/enter": checked(PLAIN.replace("/login", "/portal/enter"))}
    return Site(
        pages=pages,
        forms=(at(one), SIGN_IN_TRUTH),
        account=Account(sign_in_path="/portal/enter"),
        allowed=("POST /portal/enter",),
        at_most={"POST /portal/enter": 2},
    )


@SIGNING_IN.case("A wrong password: a code of its own, and two tries at most")
def wrong(kit: Kit) -> Site:
    built = locked(kit, checked(PLAIN), truth=SIGN_IN_TRUTH, account=Account(tells="not it"), failure="sign_in_failed")
    built.forms = (SIGN_IN_TRUTH,)
    return built


@SIGNING_IN.case("A sign-in that leads back to itself")
def looping(kit: Kit) -> Site:
    built = locked(kit, lambda ask: away("/", 303) if ask.method == "POST" else PLAIN, truth=SIGN_IN_TRUTH, failure="sign_in_failed")
    built.forms = (SIGN_IN_TRUTH,)
    return built


@SIGNING_IN.case("No form to sign in, only another company's button")
def only_sso(kit: Kit) -> Site:
    built = locked(kit, '<a href="https://idp.example/authorize">Continue with your company</a>', failure="sign_in_form_not_found")
    built.forms = ()
    return built


@SIGNING_IN.case("A captcha beside the password: recorded as such, and not solved")
def captcha(kit: Kit) -> Site:
    page = PLAIN.replace(
        "<button>", '<div class="g-recaptcha" data-sitekey="k"><label>Type what you see <input name="captcha"></label></div><button>'
    )
    built = locked(kit, checked(page, lambda _ask: False), failure="sign_in_failed")
    built.forms = (form("user=User name", "pass=Password", "captcha=Type what you see", where="*", exact=False),)
    return built


@SIGNING_IN.case("A session that is lost after some pages, and mended")
def lost(kit: Kit) -> Site:
    forms = kit.forms(5)

    def fading(page: str) -> Callable[[Ask], str | Answer]:
        def show(ask: Ask) -> str | Answer:
            if not inside(ask) or (ask.memory["n"] == 3 and not ask.memory.get("again")):
                ask.memory["again"] = inside(ask)
                return away("/login", 302, **{"Set-Cookie": "sid=; Path=/; Max-Age=0"})
            ask.memory["n"] += 1
            return page

        return show

    def login(ask: Ask) -> str | Answer:
        if ask.method == "POST":
            ask.memory.setdefault("n", 0)
            return away("/", 303, **COOKIE) if right(ask) else PLAIN
        return PLAIN

    pages: dict[str, Page] = {"/": guarded("".join(map(kit.link, forms))), "/login": login, **{one.path: fading(one.html) for one in forms}}
    return Site(pages=pages, forms=(*map(at, forms), SIGN_IN_TRUTH), account=ADA, allowed=("POST /login*",), at_most={"POST /login*": 4})


@SIGNING_IN.case("Sign-out links of every kind are left alone, and the session lives")
def sign_outs(kit: Kit) -> Site:
    one, two = kit.forms(2)
    outs = '<a href="/logout">↪</a><button onclick="location=\'/logout?b=1\'">Sign out</button><form action="/logout" method="post"><button>Leave</button></form>'
    pages: dict[str, Page] = {
        "/": guarded(outs + kit.link(one) + kit.link(two)),
        "/login": checked(PLAIN),
        "/logout": away("/login", 302, **{"Set-Cookie": "sid=; Path=/; Max-Age=0"}),
        one.path: guarded(one.html + outs),
        two.path: guarded(two.html),
    }
    return Site(
        pages=pages,
        forms=(at(one), at(two), SIGN_IN_TRUTH),
        account=ADA,
        allowed=("POST /login*",),
        harmful=("GET /logout*", "POST /logout*"),
        at_most={"POST /login*": 2},
    )


@SIGNING_IN.case("HTTP basic")
def basic(kit: Kit) -> Site:
    one = kit.form()

    def guard(page: str) -> Callable[[Ask], str | Answer]:
        return lambda ask: (
            page
            if ask.headers.get("authorization", "").startswith("Basic ")
            else Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        )

    return Site(pages={"/": guard(kit.link(one)), one.path: guard(one.html)}, forms=(at(one),), account=ADA)
