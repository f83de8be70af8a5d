"""Addresses that only running the page shows: history, fragments, new windows, redirects by script, GET targets."""

from tests.support.playground.cases import Ask, Group, Page, Site, at, form, here, script, site
from tests.support.playground.html import Form
from tests.support.playground.kit import Kit

BEHAVIOUR = Group("behaviour")

ROUTER = """<main id="app"></main><script>
const views = VIEWS, home = HOME;
const draw = () => { app.innerHTML = views[WHERE] || home; };
addEventListener('EVENT', draw); draw();
</script>"""


def by_path(home: str, forms: list[Form]) -> str:
    """Return a page whose script draws what the path says."""
    views = "{" + ",".join(f"{form.path!r}: {form.html!r}" for form in forms) + "}"
    return ROUTER.replace("VIEWS", views).replace("HOME", repr(home)).replace("WHERE", "location.pathname").replace("EVENT", "popstate")


def by_hash(home: str, forms: list[Form]) -> str:
    """Return a page whose script draws what the fragment says."""
    views = "{" + ",".join(f"{'#' + form.path!r}: {form.html!r}" for form in forms) + "}"
    return ROUTER.replace("VIEWS", views).replace("HOME", repr(home)).replace("WHERE", "location.hash").replace("EVENT", "hashchange")


def hashed(form: Form) -> str:
    return f"/#{form.path}"


@BEHAVIOUR.case("Links that a script turns into history entries")
def push_state_links(kit: Kit) -> Site:
    forms = kit.forms(2)
    catch = """<script>document.addEventListener('click', e => { const a = e.target.closest('a'); if (!a) return; e.preventDefault();
      history.pushState({}, '', a.getAttribute('href')); dispatchEvent(new PopStateEvent('popstate')); });</script>"""
    shell = by_path("".join(map(kit.link, forms)), forms) + catch
    return Site(pages={"/": shell, "/*": shell}, forms=tuple(map(at, forms)))


@BEHAVIOUR.case("Buttons that push history entries")
def push_state_buttons(kit: Kit) -> Site:
    forms = kit.forms(2)
    go = "<script>function go(p) { history.pushState({}, '', p); draw(); }</script>"
    home = "".join(kit.button(f'onclick="go(&quot;{form.path}&quot;)"', form.topic) for form in forms)
    shell = by_path(home, forms) + go
    return Site(pages={"/": shell, "/*": shell}, forms=tuple(map(at, forms)))


@BEHAVIOUR.case("A history entry that the server does not know: reached by pressing alone")
def push_state_unknown(kit: Kit) -> Site:
    form = kit.form()
    go = "<script>function go(p) { history.pushState({}, '', p); draw(); }</script>"
    shell = by_path(kit.button(f'onclick="go(&quot;{form.path}&quot;)"', form.topic), [form]) + go
    return Site(pages={"/": shell}, forms=(at(form, form.path, "/"),))


@BEHAVIOUR.case("replaceState when the page opens")
def replace_state(kit: Kit) -> Site:
    form = kit.form()
    home = f"<h1>Home</h1><script>history.replaceState({{}}, '', '{form.path}')</script>"
    return site(home, form)


@BEHAVIOUR.case("Fragment routes by links")
def hash_links(kit: Kit) -> Site:
    forms = kit.forms(2)
    home = "".join(kit.link(form, href=f"#{form.path}") for form in forms)
    return here(by_hash(home, forms), also=tuple(at(form, hashed(form)) for form in forms))


@BEHAVIOUR.case("Fragment routes by script, with a bang")
def hash_script(kit: Kit) -> Site:
    form = kit.form()
    shell = by_hash(kit.button(f"onclick=\"location.hash='!{form.path}'\"", form.topic), [form]).replace("'#/", "'#!/")
    return here(shell, also=(at(form, f"/#!{form.path}", "/", hashed(form)),))


@BEHAVIOUR.case("The Navigation API")
def navigation_api(kit: Kit) -> Site:
    form = kit.form()
    home = kit.button(f"onclick=\"navigation.navigate('{form.path}')\"", form.topic)
    return site(home, form)


@BEHAVIOUR.case("window.open when a button is pressed")
def window_open(kit: Kit) -> Site:
    form = kit.form()
    return site(kit.button(f"onclick=\"window.open('{form.path}', 'w', 'width=500,height=400')\"", form.topic), form)


@BEHAVIOUR.case("window.open when the page opens")
def window_open_at_load(kit: Kit) -> Site:
    form = kit.form()
    return site(f"<h1>Home</h1><script>window.open('{form.path}')</script>", form)


@BEHAVIOUR.case("window.open of an empty window that is written into")
def window_written(kit: Kit) -> Site:
    form = kit.form()
    write = f"const w = window.open('', 'w'); w.document.write({form.html!r}); w.document.close()".replace('"', "&quot;")
    return here(kit.button(f'onclick="{write}"'), also=(at(form, "*", optional=True),))


@BEHAVIOUR.case("A javascript: link")
def javascript_link(kit: Kit) -> Site:
    form = kit.form()
    return site(f"<a href=\"javascript:void(location.assign('{form.path}'))\">{form.topic}</a>", form)


@BEHAVIOUR.case("A redirect by script at once")
def script_redirect(kit: Kit) -> Site:
    form = kit.form()
    return site('<a href="/a">Go</a>', form, pages={"/a": f"<p>Wait</p><script>location.replace('{form.path}')</script>"})


@BEHAVIOUR.case("A redirect by script after a second and a half")
def script_redirect_late(kit: Kit) -> Site:
    form = kit.form()
    late = f"<p>Wait</p><script>setTimeout(() => location.href = '{form.path}', 1500)</script>"
    return site('<a href="/a">Go</a>', form, pages={"/a": late})


@BEHAVIOUR.case("Links that come a second after the page")
def late_links(kit: Kit) -> Site:
    form = kit.form()
    home = f"<p>Loading…</p><div id=d></div><script>setTimeout(() => d.innerHTML = {kit.link(form)!r}, 1000)</script>"
    return site(home, form)


@BEHAVIOUR.case("A form that comes with the third answer of a slow server")
def late_form(kit: Kit) -> Site:
    form = kit.form()

    def part(_ask: Ask) -> str:
        return "<!doctype html>" + form.html

    load = """<div id=d>Loading…</div><script>(async () => { for (let i = 0; i < 3; i++) { await new Promise(r => setTimeout(r, 700));
      d.innerHTML = await (await fetch('/part')).text(); if (i < 2) d.innerHTML = 'Loading…' } })()</script>"""
    return here(load, form, pages={"/part": part}, at_least={"GET /part": 3})


@BEHAVIOUR.case("A frame that a script points elsewhere")
def frame_by_script(kit: Kit) -> Site:
    form = kit.form()
    home = f"{kit.button(f'onclick=f.src=&quot;{form.path}&quot;', form.topic)}<iframe id=f width=500 height=300></iframe>"
    return site(home, form, also=(at(form, "/", optional=True),))


@BEHAVIOUR.case("The address that a GET form makes of its choice")
def get_choice(kit: Kit) -> Site:
    one, two = kit.forms(2)

    def result(ask: Ask) -> str:
        return one.html if ask.query.get("kind") == "a" else two.html

    options = "<option value=a>Wood</option><option value=b>Stone</option>"
    home = f'<form action="/new"><label>Kind <select name="kind">{options}</select></label><button>Next</button></form>'
    pages: dict[str, Page] = {"/new": result}
    return Site(pages={"/": home, **pages}, forms=(at(one, "/new"), at(two, "/new"), form("kind=Kind", optional=True)))


@BEHAVIOUR.case("An application drawn by a script that takes six seconds")
def slow_spa(kit: Kit) -> Site:
    form = kit.form()
    late = script(f"setTimeout(() => {{ document.getElementById('app').innerHTML = {form.html!r} }}, 6000)")
    return here('<div id="app"><div class="spinner">…</div></div><script src="/app.js"></script>', form, pages={"/app.js": late})
