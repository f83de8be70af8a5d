"""What counts as a form, by how its fields stand in the page: with and without an element, in dialogs, tabs, steps, grids, frames, roots."""

from tests.support.playground.cases import Group, Page, Site, at, form, here, site
from tests.support.playground.kit import Kit

SHAPES = Group("shapes")

SEND = "<button type=button onclick=\"fetch('/save',{method:'POST'})\">Save</button>"


@SHAPES.case("A plain form")
def plain(kit: Kit) -> Site:
    one = kit.form(4)
    return Site(pages={"/": one.html}, forms=(at(one, "/", exact=True),))


@SHAPES.case("Fields without a form element")
def loose(kit: Kit) -> Site:
    one = kit.form(3)
    return Site(pages={"/": one.loose}, forms=(at(one, "/", exact=True),))


@SHAPES.case("Two groups of fields without a form element, each with its button")
def loose_twice(kit: Kit) -> Site:
    one, two = kit.forms(2, 3)
    return Site(pages={"/": one.loose + two.loose}, forms=(at(one, "/", exact=True), at(two, "/", exact=True)))


@SHAPES.case("Two forms side by side")
def two_forms(kit: Kit) -> Site:
    one, two = kit.forms(2)
    return Site(
        pages={"/": f"<div style='display:flex'>{one.html}{two.html}</div>"}, forms=(at(one, "/", exact=True), at(two, "/", exact=True))
    )


@SHAPES.case("Fields that belong to a form elsewhere by the form attribute")
def form_attribute(kit: Kit) -> Site:
    outside = '<table><tr><td><label>Size <input form="f" name="size"></label></td><td><input form="f" name="tone" aria-label="Tone"></td></tr></table>'
    home = f'{outside}<form id="f" action="/save" method="post"><label>Name <input name="name"></label><button>Save</button></form>'
    return here(home, also=(form("size=Size", "tone=Tone", "name=Name"),))


@SHAPES.case("A dialog without a form element, with a backdrop")
def dialog(kit: Kit) -> Site:
    one = kit.form(3)
    box = f'<div role="dialog" aria-modal="true" aria-label="{one.topic}">{one.loose}<button onclick="m.hidden=true">Cancel</button></div>'
    home = f'{kit.button("onclick=m.hidden=false")}<div id="m" hidden style="position:fixed;inset:0;background:#0008">{box}</div>'
    return Site(pages={"/": home}, forms=(at(one, "/", exact=True),))


@SHAPES.case("A drawer that slides in and is put at the end of the body")
def drawer(kit: Kit) -> Site:
    one = kit.form(3)
    make = f"""const make = () => {{ const d = document.createElement('aside'); d.style = 'position:fixed;top:0;right:0;width:300px;transition:transform .3s';
      d.style.transform = 'translateX(300px)'; d.innerHTML = {one.loose!r}; document.body.append(d);
      requestAnimationFrame(() => d.style.transform = 'none') }}"""
    return Site(pages={"/": f"{kit.button('onclick=make()')}<script>{make}</script>"}, forms=(at(one, "/", exact=True),))


@SHAPES.case("One form that its tabs split: the owning form decides")
def tabs_of_one_form(kit: Kit) -> Site:
    parts = (("Main", "title=Title", "code=Code"), ("Money", "price=Price", "tax=Tax"), ("Place", "shelf=Shelf", "bin=Bin"))
    heads = "".join(
        f'<button type="button" role="tab" aria-controls="p{n}" onclick="go({n})">{part[0]}</button>' for n, part in enumerate(parts)
    )
    panels = ""
    for n, part in enumerate(parts):
        fields = "".join('<p><label>{1} <input name="{0}"></label></p>'.format(*one.split("=")) for one in part[1:])
        panels += f'<div role="tabpanel" id="p{n}" {"hidden" if n else ""}>{fields}</div>'
    script = "const go = n => document.querySelectorAll('[role=tabpanel]').forEach((p, i) => p.hidden = i !== n)"
    home = (
        f'<form action="/save" method="post"><div role="tablist">{heads}</div>{panels}<button>Save</button></form><script>{script}</script>'
    )
    return here(home, also=(form(*(one for part in parts for one in part[1:])),))


@SHAPES.case("One form that folds its sections")
def accordion_of_one_form(kit: Kit) -> Site:
    home = """<form action="/save" method="post"><details open><summary>Who</summary><label>Given <input name="given"></label></details>
      <details><summary>Where</summary><label>Street <input name="street"></label><label>Town <input name="town"></label></details>
      <details><summary>When</summary><label>Day <input type="date" name="day"></label></details><button>Save</button></form>"""
    return here(home, also=(form("given=Given", "street=Street", "town=Town", "day:date=Day"),))


@SHAPES.case("A wizard whose steps are all in the page")
def wizard(kit: Kit) -> Site:
    steps = ("crew=Crew", "route=Route", "cargo=Cargo")
    parts = "".join(
        '<fieldset id="s{0}" {1}><legend>Step {0}</legend><label>{3} <input name="{2}"></label><button type="button" onclick="go({0})">Next</button></fieldset>'.format(
            n, "hidden" if n else "", *step.split("=")
        )
        for n, step in enumerate(steps)
    )
    script = "const go = n => { document.getElementById('s' + n).hidden = true; const t = document.getElementById('s' + (n + 1)); if (t) t.hidden = false }"
    home = f'<form action="/save" method="post">{parts}<button>Finish</button></form><script>{script}</script>'
    return here(home, also=(form(*steps),))


@SHAPES.case("A wizard that makes each step when the one before is left")
def wizard_made(kit: Kit) -> Site:
    steps = '["<label>Crew <input name=crew></label>","<label>Route <input name=route></label>","<label>Cargo <input name=cargo></label>"]'
    script = f"let n = -1; const steps = {steps}; const next = () => {{ n = Math.min(2, n + 1); box.innerHTML = steps[n] }}; next()"
    home = f'<form onsubmit="return false"><div id="box"></div><button type="button" onclick="next()">Next</button></form><script>{script}</script>'
    return here(home, also=(form("crew=Crew", exact=False), form("route=Route", optional=True), form("cargo=Cargo", optional=True)))


@SHAPES.case("A wizard whose second step is behind a POST: reached in submit mode")
def wizard_posted(kit: Kit) -> Site:
    one, two = kit.forms(2)
    first = one.html.replace('action="/save"', 'action="/step2"')
    forms = (at(one, "/"), at(two, "/step2", "/", modes=("submit",)))
    return Site(pages={"/": first, "/step2": two.html}, forms=forms)


@SHAPES.case("Text that becomes a field when clicked")
def inline_edit(kit: Kit) -> Site:
    script = """a.onclick = () => { if (!a.querySelector('input')) a.innerHTML =
      '<input name="motto" aria-label="Motto"><button>Save</button><button>Cancel</button>' }"""
    return here(f'<h2>Motto</h2><p id="a" style="cursor:text">Slow and steady</p><script>{script}</script>', also=(form("motto=Motto"),))


@SHAPES.case("A grid whose rows become fields")
def inline_grid(kit: Kit) -> Site:
    script = """const edit = r => { r.innerHTML = '<td><input aria-label="Part"></td><td><input aria-label="Count" type="number"></td><td><button>Save</button></td>' }"""
    rows = "".join(
        f"<tr><td>Bolt {n}</td><td>{n}</td><td><button onclick=\"edit(this.closest('tr'))\">Edit</button></td></tr>" for n in range(4)
    )
    return here(
        f"<table><tr><th>Part</th><th>Count</th><th></th></tr>{rows}</table><script>{script}</script>",
        also=(form("=Part", ":number=Count"),),
    )


@SHAPES.case("A grid that is all fields: rows of one form")
def grid_form(kit: Kit) -> Site:
    rows = "".join(f'<tr><td><input name="part[{n}]"></td><td><input name="count[{n}]" type="number"></td></tr>' for n in range(5))
    home = f'<form action="/save" method="post"><table><tr><th>Part</th><th>Count</th></tr>{rows}</table><button>Save</button></form>'
    truth = tuple(field for n in range(5) for field in (f"part[{n}]=Part", f"count[{n}]:number=Count"))
    return here(home, also=(form(*truth, exact=False),))


@SHAPES.case("A form in a frame of the same origin, and one of another origin")
def frames(kit: Kit) -> Site:
    one, two = kit.forms(2, 3)
    home = '<iframe src="/in" width=500 height=300></iframe><iframe src="{other}/out" width=500 height=300></iframe>'
    pages: dict[str, Page] = {"/in": one.html, "other:/out": two.html}
    return Site(pages={"/": home, **pages}, forms=(at(one, "/", "/in", exact=True), at(two, "/", exact=True)))


@SHAPES.case("A form in an open, and one in a closed shadow root")
def shadow(kit: Kit) -> Site:
    one, two = kit.forms(2, 3)
    home = "".join(
        f'<x-{mode}><template shadowrootmode="{mode}">{part.html}</template></x-{mode}>' for mode, part in (("open", one), ("closed", two))
    )
    return Site(pages={"/": home}, forms=(at(one, "/", exact=True), at(two, "/", exact=True)))


@SHAPES.case("Custom elements that each hold one field of a form in their shadow root")
def shadow_fields(kit: Kit) -> Site:
    script = """customElements.define('x-field', class extends HTMLElement { constructor() { super();
      this.attachShadow({mode: 'open'}).innerHTML = `<label>${this.getAttribute('label')} <input name="${this.getAttribute('name')}"></label>` } })"""
    fields = '<x-field name="hull" label="Hull"></x-field><x-field name="mast" label="Mast"></x-field>'
    return here(
        f'<form action="/save" method="post">{fields}<button>Save</button></form><script>{script}</script>',
        also=(form("hull=Hull", "mast=Mast"),),
    )


@SHAPES.case("A form whose slots hold its fields")
def slotted(kit: Kit) -> Site:
    inner = '<template shadowrootmode="open"><section><h2>Boat</h2><slot name="a"></slot><hr><slot></slot></section></template>'
    home = f'<form action="/save" method="post"><x-card>{inner}<label slot="a">Hull <input name="hull"></label><label>Mast <input name="mast"></label></x-card><button>Save</button></form>'
    return here(home, also=(form("hull=Hull", "mast=Mast"),))


@SHAPES.case("A search in the header")
def search_bar(kit: Kit) -> Site:
    home = '<header><form role="search" action="/find"><input type="search" name="q" placeholder="Search"><button aria-label="Search">🔍</button></form></header><p>Hello</p>'
    return here(home, also=(form("q:search=Search"),), pages={"/find": "<p>No results</p>"})


@SHAPES.case("A filter bar over a table, without a button")
def filter_bar(kit: Kit) -> Site:
    selects = '<label>State <select name="state"><option>Any<option>Open</select></label><label>Owner <select name="owner"><option>Any<option>Me</select></label>'
    home = f'<form class="filters" action="/">{selects}<label>From <input type="date" name="from"></label></form><table><tr><td>Row</td></tr></table>'
    return here(home, also=(form("state=State", "owner=Owner", "from=From"),))


@SHAPES.case("Filters in the head of a table's columns")
def column_filters(kit: Kit) -> Site:
    head = "".join(f'<th>{name}<br><input name="{name.lower()}" aria-label="Filter {name}"></th>' for name in ("Part", "Place", "Count"))
    return here(
        f"<table><tr>{head}</tr><tr><td>a</td><td>b</td><td>c</td></tr></table>",
        also=(form("part=Filter Part", "place=Filter Place", "count=Filter Count"),),
    )


@SHAPES.case("Fields that come only after a choice in the same form")
def conditional(kit: Kit) -> Site:
    script = "const pick = v => { extra.innerHTML = v === 'firm' ? '<label>Tax number <input name=tax></label>' : '' }"
    radios = "".join(
        f'<label><input type="radio" name="kind" value="{v}" onchange="pick(this.value)"> {v}</label>' for v in ("person", "firm")
    )
    home = f'<form action="/save" method="post"><fieldset><legend>Kind</legend>{radios}</fieldset><label>Name <input name="name"></label><div id="extra"></div><button>Save</button></form><script>{script}</script>'
    return here(home, also=(form("kind=Kind", "name=Name", "?tax=Tax number"),))


@SHAPES.case("A sign-in form and a change of password, on pages of their own")
def passwords(kit: Kit) -> Site:
    sign_in = '<form action="/session" method="post"><label>User <input name="user"></label><label>Password <input type="password" name="pass"></label><button>Sign in</button></form>'
    names = (("old", "Old password"), ("new", "New password"), ("again", "Again"))
    change = "".join(f'<label>{label} <input type="password" name="{name}"></label>' for name, label in names)
    pages: dict[str, Page] = {"/login": sign_in, "/pass": f'<form action="/pass" method="post">{change}<button>Change</button></form>'}
    truth = (form("user=User", "pass=Password", where="/login"), form("old=Old password", "new=New password", "again=Again", where="/pass"))
    return site('<a href="/login">Sign in</a> <a href="/pass">Change password</a>', pages=pages, also=truth)


@SHAPES.case("No form: a theme select, a language switch, a page size")
def lone_controls(kit: Kit) -> Site:
    one = kit.form()
    controls = """<label>Theme <select><option>Light<option>Dark</select></label><label>Language <select><option>English<option>Deutsch</select></label>
      <label>Rows <select><option>10<option>50</select></label><label><input type=checkbox> Dark mode</label>"""
    return site(f"<div>{controls}</div>{kit.link(one)}", one)


@SHAPES.case("No form: boxes that tick rows")
def row_boxes(kit: Kit) -> Site:
    rows = "".join(f'<tr><td><input type="checkbox" name="ids[]" value="{n}"></td><td>Row {n}</td></tr>' for n in range(4))
    return here(f'<form><table><tr><th><input type="checkbox"></th><th>Name</th></tr>{rows}</table></form>')


@SHAPES.case("No form: buttons alone, hidden inputs alone, what noscript and template hold")
def no_fields(kit: Kit) -> Site:
    dead = kit.form()
    home = f'<form action="/go"><input type="hidden" name="t" value="1"><button>Go on</button></form><noscript>{dead.html}</noscript><template>{dead.html}</template>'
    return here(home, pages={"/go": "<p>Here</p>"})
