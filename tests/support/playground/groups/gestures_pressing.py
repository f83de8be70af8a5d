"""Forms that a press shows: every kind of control that people press, whatever it is made of."""

from tests.support.playground.cases import Ask, Group, Page, Site, here, site
from tests.support.playground.html import Form
from tests.support.playground.kit import Kit

PRESSING = Group("pressing")


def hidden(form: Form, name: str = "box") -> str:
    """Return the form in a box that is not shown."""
    return f'<div id="{name}" hidden>{form.html}</div>'


def shown_by(kit: Kit, control: str, *, script: str = "") -> Site:
    """Return a page with a hidden form; `control` shows it by `{show}`, `script` may name it as `box`."""
    form = kit.form()
    home = control.replace("{show}", "box.hidden=false").replace("{topic}", form.topic)
    return here(f"<h1>Desk</h1>{home}{hidden(form)}<script>{script}</script>", form)


def made_by(kit: Kit, control: str, *, script: str = "") -> Site:
    """Return a page whose form is made only when `control` calls `make()`."""
    form = kit.form()
    maker = f"const make = () => {{ box.innerHTML = {form.html!r} }}; {script}"
    return here(f'<h1>Desk</h1>{control.replace("{topic}", form.topic)}<div id="box"></div><script>{maker}</script>', form)


@PRESSING.case("A button shows a hidden form")
def button_shows(kit: Kit) -> Site:
    return shown_by(kit, kit.button('onclick="{show}"'))


@PRESSING.case("A button makes the form")
def button_makes(kit: Kit) -> Site:
    return made_by(kit, kit.button('onclick="make()"'))


@PRESSING.case("A link without href")
def link_without_href(kit: Kit) -> Site:
    return made_by(kit, '<a id="a" class="more">{topic}</a>', script="a.addEventListener('click', make)")


@PRESSING.case("A link to # with a listener")
def link_to_nowhere(kit: Kit) -> Site:
    return made_by(kit, '<a id="a" href="#">{topic}</a>', script="a.onclick = e => { e.preventDefault(); make() }")


@PRESSING.case("A div with a listener of its own, no role, no cursor")
def bare_div(kit: Kit) -> Site:
    return made_by(kit, '<div id="a">{topic}</div>', script="a.addEventListener('click', make)")


@PRESSING.case("A button whose listener is delegated to the document")
def delegated(kit: Kit) -> Site:
    listen = "document.addEventListener('click', e => { if (e.target.closest('[data-act=make]')) make() })"
    return made_by(kit, '<span data-act="make" style="cursor:pointer">{topic}</span>', script=listen)


@PRESSING.case("A delegated listener and nothing that tells: no role, no cursor, no attribute")
def delegated_bare(kit: Kit) -> Site:
    listen = "document.body.addEventListener('click', e => { if (e.target.className === 'k7') make() })"
    return made_by(kit, '<p>Some words.</p><div class="k7">{topic}</div><div class="k8">More words</div>', script=listen)


@PRESSING.case("A control that acts on pointerdown")
def pointerdown(kit: Kit) -> Site:
    return made_by(kit, '<div id="a" role="button" tabindex="0">{topic}</div>', script="a.addEventListener('pointerdown', make)")


@PRESSING.case("A control that acts on mouseup")
def mouseup(kit: Kit) -> Site:
    return made_by(kit, '<div id="a" style="cursor:pointer">{topic}</div>', script="a.addEventListener('mouseup', make)")


@PRESSING.case("A control in tab order that knows Enter alone")
def enter_only(kit: Kit) -> Site:
    control = '<div id="a" tabindex="0" role="button">{topic}</div>'
    return made_by(kit, control, script="a.onkeydown = e => { if (e.key === 'Enter') make() }")


@PRESSING.case("A control that knows the space bar alone")
def space_only(kit: Kit) -> Site:
    return made_by(kit, '<div id="a" tabindex="0" role="button">{topic}</div>', script="a.onkeyup = e => { if (e.key === ' ') make() }")


@PRESSING.case("A menu button with ARIA")
def menu(kit: Kit) -> Site:
    entries = (
        '<ul role="menu" id="m" hidden><li role="menuitem" tabindex="-1" onclick="make()">{topic}</li><li role="menuitem">Print</li></ul>'
    )
    return made_by(kit, kit.button('aria-haspopup="menu" aria-expanded="false" onclick="m.hidden=!m.hidden"') + entries)


@PRESSING.case("A menu bar with a submenu")
def submenu(kit: Kit) -> Site:
    bar = """<div role="menubar"><div role="menuitem" aria-haspopup="true" tabindex="0" onclick="m1.hidden=!m1.hidden">File</div></div>
      <div role="menu" id="m1" hidden><div role="menuitem" aria-haspopup="true" onclick="m2.hidden=false">New ▸</div></div>
      <div role="menu" id="m2" hidden><div role="menuitem" onclick="make()">{topic}</div></div>"""
    return made_by(kit, bar)


@PRESSING.case("Links in a drop-down that a press opens")
def dropdown_links(kit: Kit) -> Site:
    one, two = kit.forms(2)
    home = f'{kit.button("onclick=make()")}<div id="box"></div><script>const make=()=>{{box.innerHTML={kit.link(one) + kit.link(two)!r}}}</script>'
    return site(home, one, two)


@PRESSING.case("Tabs with roles")
def tabs(kit: Kit) -> Site:
    forms = kit.forms(3)
    heads = "".join(f'<button role="tab" aria-controls="p{n}" onclick="go({n})">{form.topic}</button>' for n, form in enumerate(forms))
    panels = "".join(f'<div role="tabpanel" id="p{n}" {"hidden" if n else ""}>{form.html}</div>' for n, form in enumerate(forms))
    script = "const go = n => document.querySelectorAll('[role=tabpanel]').forEach((p, i) => p.hidden = i !== n)"
    return here(f'<div role="tablist">{heads}</div>{panels}<script>{script}</script>', *forms)


@PRESSING.case("Tabs without roles, whose panels are made when chosen")
def tabs_bare(kit: Kit) -> Site:
    forms = kit.forms(3)
    heads = "".join(f'<li data-n="{n}" style="cursor:pointer">{form.topic}</li>' for n, form in enumerate(forms))
    script = f"const parts = {[form.html for form in forms]}; t.onclick = e => {{ box.innerHTML = parts[e.target.dataset.n] || '' }}"
    return here(f'<ul id="t" class="tabs">{heads}</ul><div id="box">{forms[0].html}</div><script>{script}</script>', *forms)


@PRESSING.case("An accordion, one part open at a time")
def accordion(kit: Kit) -> Site:
    forms = kit.forms(3)
    script = "const go = n => document.querySelectorAll('.part').forEach((p, i) => p.hidden = i !== n)"
    parts = "".join(
        f'<h3><button aria-expanded="false" aria-controls="s{n}" onclick="go({n})">{form.topic}</button></h3>'
        f'<div class="part" id="s{n}" hidden>{form.html}</div>'
        for n, form in enumerate(forms)
    )
    return here(f"{parts}<script>{script}</script>", *forms)


@PRESSING.case("details, and details in details")
def details(kit: Kit) -> Site:
    one, two = kit.forms(2)
    inner = f"<details><summary>{two.topic}</summary>{two.html}</details>"
    return here(f"<details><summary>{one.topic}</summary>{one.html}</details><details><summary>More</summary>{inner}</details>", one, two)


@PRESSING.case("A tree whose branches are loaded when opened")
def tree(kit: Kit) -> Site:
    form = kit.form()
    nodes = """<ul role="tree"><li role="treeitem" aria-expanded="false" tabindex="0" id="t"><span>Site</span><ul role="group" id="g"></ul></li></ul>
      <script>t.onclick = async () => { if (g.firstChild) return; t.setAttribute('aria-expanded', 'true');
      g.innerHTML = await (await fetch('/branch')).text() }</script>"""
    branch = f'<!doctype html><li role="treeitem"><a href="{form.path}">{form.topic}</a></li>'
    return site(nodes, form, pages={"/branch": branch})


@PRESSING.case("A card that is a link by script")
def card(kit: Kit) -> Site:
    form = kit.form()
    script = f"c.addEventListener('click', () => location.assign('{form.path}'))"
    return site(f'<article id="c" style="cursor:pointer"><h3>{form.topic}</h3><p>Words</p></article><script>{script}</script>', form)


@PRESSING.case("Pages of a list turned by buttons; the form's link is on the third")
def pagination(kit: Kit) -> Site:
    form = kit.form()
    rows = ["<p>Row 1</p>", "<p>Row 2</p>", kit.link(form)]
    script = (
        f"let n = 0; const rows = {rows!r}; const turn = d => {{ n = Math.max(0, Math.min(2, n + d)); box.innerHTML = rows[n] }}; turn(0)"
    )
    pager = '<button onclick="turn(-1)" aria-label="Previous">‹</button><button onclick="turn(1)" aria-label="Next">›</button>'
    return site(f'<div id="box"></div>{pager}<script>{script}</script>', form)


@PRESSING.case("Load more")
def load_more(kit: Kit) -> Site:
    form = kit.form()

    def more(ask: Ask) -> str:
        number = int(ask.query["n"])
        return "<!doctype html>" + (kit.link(form) if number == 1 else f"<p>Row {number}</p>")

    script = "let n = 0; more.onclick = async () => box.insertAdjacentHTML('beforeend', await (await fetch('/rows?n=' + n++)).text())"
    pages: dict[str, Page] = {"/rows": more}
    return site(f'<div id="box"><p>Row</p></div><button id="more">Load more</button><script>{script}</script>', form, pages=pages)


@PRESSING.case("A check box hack: a label opens the panel, by styles alone")
def css_checked(kit: Kit) -> Site:
    form = kit.form()
    style = "<style>#c{position:absolute;left:-99px}.p{display:none}#c:checked~.p{display:block}</style>"
    return here(f'{style}<input type="checkbox" id="c"><label for="c">{form.topic}</label><div class="p">{form.html}</div>', form)


@PRESSING.case("A :target dialog, opened by a fragment link")
def css_target(kit: Kit) -> Site:
    form = kit.form()
    style = "<style>.m{display:none}.m:target{display:block}</style>"
    return here(f'{style}<a href="#m">{form.topic}</a><div id="m" class="m">{form.html}</div>', form)


@PRESSING.case("A popover by attribute")
def popover(kit: Kit) -> Site:
    form = kit.form()
    return here(f'<button popovertarget="p">{form.topic}</button><div popover id="p">{form.html}</div>', form)


@PRESSING.case("A dialog opened by showModal")
def modal_dialog(kit: Kit) -> Site:
    form = kit.form()
    return here(f'{kit.button("onclick=d.showModal()")}<dialog id="d">{form.html}</dialog>', form)


@PRESSING.case("A round button that is an icon alone")
def icon_only(kit: Kit) -> Site:
    icon = '<svg width="20" height="20"><path d="M9 2h2v7h7v2h-7v7H9v-7H2V9h7z"/></svg>'
    button = f'<button class="fab" onclick="make()" style="position:fixed;right:20px;bottom:20px;border-radius:50%">{icon}</button>'
    return made_by(kit, button)


@PRESSING.case("A floating button in a shadow root")
def shadow_fab(kit: Kit) -> Site:
    button = '<button onclick="make()" style="position:fixed;right:20px;bottom:20px">+</button>'
    return made_by(kit, f'<x-fab><template shadowrootmode="open">{button}</template></x-fab>')


@PRESSING.case("A button disabled until a box is ticked")
def disabled_until(kit: Kit) -> Site:
    control = '<label><input type="checkbox" onchange="b.disabled=!this.checked"> I have read it</label><button id="b" disabled onclick="make()">{topic}</button>'
    return made_by(kit, control)


@PRESSING.case("Bulk edit: a tool bar that comes when rows are ticked")
def bulk_edit(kit: Kit) -> Site:
    rows = "".join(
        f'<tr><td><input type="checkbox" onchange="bar.hidden=false" aria-label="Row {n}"></td><td>Row {n}</td></tr>' for n in (1, 2)
    )
    return made_by(kit, f'<div id="bar" hidden><button onclick="make()">{{topic}}</button></div><table>{rows}</table>')


@PRESSING.case("A dialog that takes a second and a half to come")
def slow_dialog(kit: Kit) -> Site:
    return made_by(kit, kit.button('onclick="setTimeout(make, 1500)"'))


@PRESSING.case("Three presses, each shown by the one before")
def three_steps(kit: Kit) -> Site:
    steps = '<button onclick="s2.hidden=false">{topic}</button><div id="s2" hidden><button onclick="s3.hidden=false">Kinds</button></div>'
    return made_by(kit, f'{steps}<div id="s3" hidden><button onclick="make()">Wood</button></div>')


@PRESSING.case("A toggle that the second press closes")
def toggle(kit: Kit) -> Site:
    return made_by(kit, kit.button("onclick=\"box.innerHTML ? box.innerHTML = '' : make()\""))


@PRESSING.case("A control beyond the edge of a strip that scrolls sideways")
def sideways(kit: Kit) -> Site:
    strip = "".join(f'<span style="display:inline-block;width:400px">Part {n}</span>' for n in range(6))
    control = f'<div style="width:500px;overflow-x:auto;white-space:nowrap">{strip}<button onclick="make()">{{topic}}</button></div>'
    return made_by(kit, control)


@PRESSING.case("A carousel's second slide")
def carousel(kit: Kit) -> Site:
    form = kit.form()
    slides = f'<div id="s" style="display:flex;width:300px;overflow:hidden"><div style="flex:0 0 300px">Hello</div><div style="flex:0 0 300px">{form.html}</div></div>'
    return here(f'{slides}<button aria-label="Next slide" onclick="s.scrollLeft+=300">›</button>', form)
