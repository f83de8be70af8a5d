"""Mechanisms two and three levels deep: a menu in a dialog in a shadow root, a tab in a frame, a tree before a context menu."""

import json

from tests.support.playground.cases import Ask, Group, Page, Site, at, here, site, told
from tests.support.playground.groups.signing_in import ADA, api_login
from tests.support.playground.kit import Kit

COMBINED = Group("combined")


def rooted(inside: str, script: str, *, mode: str = "open", tag: str = "x-box") -> str:
    """Return a custom element whose shadow root holds `inside`; `script` sees it as `root`, the page's own functions too."""
    return f"""<{tag}></{tag}><script>customElements.define('{tag}', class extends HTMLElement {{ constructor() {{ super();
      const root = this.attachShadow({{mode: '{mode}'}}); root.innerHTML = {inside!r}; const $ = id => root.getElementById(id); {script} }} }})</script>"""


@COMBINED.case("A menu in a dialog in a shadow root")
def menu_dialog_shadow(kit: Kit) -> Site:
    one = kit.form()
    inside = '<button id="o">Open</button><dialog id="d"><button id="m" aria-haspopup="menu">More</button><ul role="menu" id="l" hidden><li role="menuitem" id="i">New</li></ul><div id="b"></div></dialog>'
    script = f"$('o').onclick = () => $('d').showModal(); $('m').onclick = () => $('l').hidden = false; $('i').onclick = () => $('b').innerHTML = {one.html!r}"
    return here(rooted(inside, script), one)


@COMBINED.case("A drop-down in a closed shadow root")
def dropdown_closed(kit: Kit) -> Site:
    one = kit.form()
    script = f"$('o').onclick = () => $('l').hidden = false; $('i').onclick = () => $('b').innerHTML = {one.html!r}"
    return here(
        rooted(
            '<button id="o">Open</button><ul id="l" hidden><li id="i" style="cursor:pointer">New</li></ul><div id="b"></div>',
            script,
            mode="closed",
        ),
        one,
    )


@COMBINED.case("A shadow root in a shadow root: tabs inside, the form in the second")
def shadow_shadow_tabs(kit: Kit) -> Site:
    one, two = kit.forms(2)
    inner = rooted(
        f'<button role="tab" id="a">One</button><button role="tab" id="b">Two</button><div id="p">{one.html}</div><div id="q" hidden>{two.html}</div>',
        "$('a').onclick = () => { $('p').hidden = false; $('q').hidden = true }; $('b').onclick = () => { $('p').hidden = true; $('q').hidden = false }",
        tag="x-tabs",
    )
    tag, _, script = inner.partition("<script>")
    outer = rooted(f"<section>{tag}</section>", "", tag="x-page")
    return here(f"<script>{script}{outer}", one, two)


@COMBINED.case("A tab in an accordion in a frame")
def tab_accordion_frame(kit: Kit) -> Site:
    one, two = kit.forms(2)
    script = "const go = n => document.querySelectorAll('.p').forEach((p, i) => p.hidden = i !== n)"
    inside = f'<details><summary>Part</summary><button role="tab" onclick="go(0)">A</button><button role="tab" onclick="go(1)">B</button><div class="p">{one.html}</div><div class="p" hidden>{two.html}</div></details><script>{script}</script>'
    built = here('<iframe src="/in" width="600" height="500"></iframe>', pages={"/in": inside})
    built.forms = (at(one, "/", "/in"), at(two, "/", "/in"))
    return built


@COMBINED.case("A dialog in a frame of another origin")
def dialog_other_frame(kit: Kit) -> Site:
    one = kit.form()
    inside = f'<button onclick="d.showModal()">Open</button><dialog id="d">{one.html}</dialog>'
    return here('<iframe src="{other}/in" width="600" height="400"></iframe>', one, pages={"other:/in": inside})


@COMBINED.case("A frame in a frame, the inner one of another origin, with a menu")
def frame_frame_menu(kit: Kit) -> Site:
    one = kit.form()
    deep = f'<button aria-haspopup="menu" onclick="m.hidden=false">Menu</button><div role="menu" id="m" hidden><div role="menuitem" onclick="b.hidden=false">New</div></div><div id="b" hidden>{one.html}</div>'
    pages: dict[str, Page] = {"/in": '<iframe src="{other}/deep" width="500" height="300"></iframe>', "other:/deep": deep}
    built = here('<iframe src="/in" width="600" height="400"></iframe>', pages=pages)
    built.forms = (at(one, "/", "/in"),)
    return built


@COMBINED.case("A hover menu, then a tab, then a dialog")
def hover_tab_dialog(kit: Kit) -> Site:
    one, two = kit.forms(2)
    style = "<style>.m{display:none}.n:hover .m{display:block}</style>"
    page = f'<button role="tab" onclick="a.hidden=false;z.hidden=true">First</button><button role="tab" onclick="a.hidden=true;z.hidden=false">Second</button><div id="a">{two.html}</div><div id="z" hidden><button onclick="d.showModal()">Add</button></div><dialog id="d">{one.html}</dialog>'
    return site(
        f'{style}<div class="n">Menu<div class="m"><a href="/part">Part</a></div></div>',
        pages={"/part": page},
        also=(at(one, "/part"), at(two, "/part")),
    )


@COMBINED.case("A fragment route with a dialog in it")
def hash_dialog(kit: Kit) -> Site:
    one = kit.form()
    script = "const draw = () => app.innerHTML = location.hash === '#/rooms' ? `<h1>Rooms</h1><button onclick=d.showModal()>Add</button>` : '<a href=\"#/rooms\">Rooms</a>'; addEventListener('hashchange', draw); draw()"
    built = here(f'<main id="app"></main><dialog id="d">{one.html}</dialog><script>{script}</script>')
    built.forms = (at(one, "/#/rooms", "/"),)
    return built


@COMBINED.case("A router's page, load more, then the menu of a row")
def page_more_row(kit: Kit) -> Site:
    one = kit.form()
    rows = '<div class="r">Row <button aria-label="Row menu" onclick="m.hidden=false">⋮</button></div>'
    page = f"""<div id="box"></div><button onclick="box.innerHTML = ROWS">Load more</button><div role="menu" id="m" hidden><div role="menuitem" onclick="d.hidden=false">Edit</div></div>
      <div id="d" hidden>{one.html}</div>""".replace("ROWS", "`" + rows.replace('"', "&quot;") + "`")
    return site('<a href="/list">List</a>', pages={"/list": page}, also=(at(one, "/list"),))


@COMBINED.case("A choice that shows a part to unfold")
def select_details(kit: Kit) -> Site:
    one = kit.form()
    part = f"<details><summary>More</summary>{one.html}</details>"
    script = f"s.onchange = () => box.innerHTML = s.value === 'b' ? {part!r} : ''"
    return here(
        f'<label>Kind <select id="s"><option value="">Choose<option value="a">A<option value="b">B</select></label><div id="box"></div><script>{script}</script>',
        one,
    )


@COMBINED.case("A tree that loads, its context menu, the dialog behind it")
def tree_context_dialog(kit: Kit) -> Site:
    one = kit.form()
    script = """t.onclick = async () => { if (!g.firstChild) g.innerHTML = await (await fetch('/branch')).text() };
      g.addEventListener('contextmenu', e => { e.preventDefault(); m.hidden = false })"""
    home = f'<ul role="tree"><li role="treeitem" aria-expanded="false" tabindex="0" id="t">Site<ul role="group" id="g"></ul></li></ul><ul role="menu" id="m" hidden><li role="menuitem" onclick="d.showModal()">Rename</li></ul><dialog id="d">{one.html}</dialog><script>{script}</script>'
    return here(home, one, pages={"/branch": "<!doctype html><li role=treeitem>Branch</li>"})


@COMBINED.case("A card that scrolling brings, and the dialog that it opens")
def scroll_card_dialog(kit: Kit) -> Site:
    one = kit.form()
    script = "new IntersectionObserver(e => { if (e[0].isIntersecting && !box.firstChild) box.innerHTML = '<article style=cursor:pointer onclick=d.showModal()>Card</article>' }).observe(end)"
    return here(
        f'<div style="height:3000px">Down</div><div id="box"></div><div id="end">…</div><dialog id="d">{one.html}</dialog><script>{script}</script>',
        one,
    )


@COMBINED.case("Behind a sign-in: an application drawn by script, its form in a dialog")
def sign_in_spa_dialog(kit: Kit) -> Site:
    one = kit.form()
    login = '<label>User name <input id="u"></label><label>Password <input id="w" type="password"></label><button onclick="go()">Sign in</button>'
    inside = '<h1>Desk</h1><button onclick="d.showModal()">Add</button>'
    app = f"""<main id="app"></main><dialog id="d">{one.html}</dialog><script>const draw = () => app.innerHTML = localStorage.in ? {inside!r} : {login!r};
      const go = async () => {{ const r = await fetch('/login', {{method: 'POST', body: JSON.stringify({{user: u.value, pass: w.value}})}}); if (r.ok) {{ localStorage.in = 1; draw() }} }}; draw()</script>"""
    return Site(
        pages={"/": app, "/login": api_login(app)},
        forms=(at(one, "/"),),
        account=ADA,
        allowed=("POST /login*",),
        at_most={"POST /login*": 2},
    )


@COMBINED.case("A double click on a cell of a grid in a frame")
def double_click_frame(kit: Kit) -> Site:
    one = kit.form()
    inside = f"<table><tr><td id=a>Cell</td></tr></table><div id=box hidden>{one.html}</div><script>a.ondblclick = () => box.hidden = false</script>"
    built = here('<iframe src="/in" width="600" height="400"></iframe>', pages={"/in": inside})
    built.forms = (at(one, "/", "/in"),)
    return built


@COMBINED.case("A wizard in a drawer that a menu opens")
def menu_drawer_wizard(kit: Kit) -> Site:
    one = kit.form(3)
    steps = "".join(
        f'<div class="s" {"hidden" if n else ""}>{field.html}<button type="button" onclick="next()">Next</button></div>'
        for n, field in enumerate(one.fields)
    )
    script = "let n = 0; const next = () => { const s = document.querySelectorAll('.s'); s[n].hidden = true; n = Math.min(2, n + 1); s[n].hidden = false }"
    home = f'<button aria-haspopup="menu" onclick="m.hidden=false">New</button><div role="menu" id="m" hidden><div role="menuitem" onclick="d.hidden=false">Item</div></div><aside id="d" hidden><form action="/save" method="post">{steps}</form></aside><script>{script}</script>'
    return here(home, one)


@COMBINED.case("A consent wall over a drop-down")
def consent_dropdown(kit: Kit) -> Site:
    one = kit.form()
    wall = '<div id="w" style="position:fixed;inset:0;background:#000a"><button onclick="w.remove()">Reject all</button></div>'
    return site(f'<button onclick="l.hidden=false">Menu</button><div id="l" hidden>{kit.link(one)}</div>{wall}', one)


@COMBINED.case("A new window with tabs")
def window_tabs(kit: Kit) -> Site:
    one, two = kit.forms(2)
    win = f'<button role="tab" onclick="a.hidden=false;z.hidden=true">A</button><button role="tab" onclick="a.hidden=true;z.hidden=false">B</button><div id="a">{one.html}</div><div id="z" hidden>{two.html}</div>'
    return site(
        "<button onclick=\"window.open('/win', 'w', 'width=400')\">Window</button>",
        pages={"/win": win},
        also=(at(one, "/win"), at(two, "/win")),
    )


@COMBINED.case("“Choose a type”, a form a type, in a dialog")
def choose_type(kit: Kit) -> Site:
    forms = kit.forms(3)
    script = f"const parts = {[one.html for one in forms]!r}; const pick = n => box.innerHTML = parts[n]"
    kinds = "".join(f'<li style="cursor:pointer" onclick="pick({n})">{one.topic}</li>' for n, one in enumerate(forms))
    return here(
        f'<button onclick="d.showModal()">New</button><dialog id="d"><ul>{kinds}</ul><div id="box"></div></dialog><script>{script}</script>',
        *forms,
    )


@COMBINED.case("A delegated button within a virtual list that only holds what is in view")
def virtual_list(kit: Kit) -> Site:
    one = kit.form()
    script = f"""const draw = () => {{ const n = Math.floor(v.scrollTop / 40); rows.style.top = n * 40 + 'px';
      rows.innerHTML = [...Array(8).keys()].map(i => n + i === 60 ? '<p style="height:24px"><a href="{one.path}">{one.topic}</a></p>' : `<p style="height:24px">Row ${{n + i}}</p>`).join('') }}; v.onscroll = draw; draw()"""
    home = f'<div id="v" style="height:300px;overflow:auto;position:relative"><div style="height:4000px"></div><div id="rows" style="position:absolute;top:0"></div></div><script>{script}</script>'
    return site(home, one)


@COMBINED.case("A React-like root: one delegated listener, properties instead of attributes, the form through a portal")
def framework_root(kit: Kit) -> Site:
    one = kit.form()
    script = f"""const root = document.getElementById('root'); const b = document.createElement('div'); b.textContent = 'Add';
      b['__reactProps$x1'] = {{onClick() {{ const p = document.createElement('div'); p.innerHTML = {one.loose!r}; document.body.append(p) }}}}; root.append(b);
      root.addEventListener('click', e => {{ const k = Object.keys(e.target).find(k => k.startsWith('__reactProps')); if (k) e.target[k].onClick?.(e) }})"""
    return here(f'<div id="root"></div><script>{script}</script>', one)


@COMBINED.case("A form that another form's choice asks of the server, by GET, into a dialog")
def choice_fetch_dialog(kit: Kit) -> Site:
    one = kit.form()

    def part(ask: Ask) -> str:
        return "<!doctype html>" + (one.html if ask.query.get("k") == "b" else "<p>Nothing</p>")

    script = "s.onchange = async () => { d.innerHTML = await (await fetch('/part?k=' + s.value)).text(); d.show() }"
    home = f'<label>Kind <select id="s"><option value="">Choose<option value="a">A<option value="b">B</select></label><dialog id="d"></dialog><script>{script}</script>'
    return here(home, one, pages={"/part": part})


@COMBINED.case("A page whose menu comes as data, each entry's page drawn from data, too")
def data_driven(kit: Kit) -> Site:
    one, two = kit.forms(2)
    shell = """<nav id="n"></nav><main id="m"></main><script>(async () => { const j = async u => (await fetch(u)).json();
      for (const e of await j('/api/menu')) n.insertAdjacentHTML('beforeend', `<a href="${e.to}">${e.t}</a>`);
      const p = await fetch('/api/page' + location.pathname); if (p.ok) m.innerHTML = (await p.json()).html })()</script>"""
    menu = f'[{{"t": "{one.topic}", "to": "{one.path}"}}, {{"t": "{two.topic}", "to": "{two.path}"}}]'

    def page(form_html: str) -> Page:

        return told(json.dumps({"html": form_html}))

    pages: dict[str, Page] = {
        "/*": shell,
        "/": shell,
        "/api/menu": told(menu),
        f"/api/page{one.path}": page(one.html),
        f"/api/page{two.path}": page(two.html),
    }
    return Site(pages=pages, forms=(at(one), at(two)))
