"""Forms that other gestures show: hover, focus, double click, context menu, long press, keys, scrolling, choosing, typing."""

from tests.support.playground.cases import Ask, Group, Page, Site, at, form, here, site
from tests.support.playground.groups.gestures_pressing import hidden, made_by
from tests.support.playground.kit import Kit

GESTURES = Group("gestures")


@GESTURES.case("A menu that styles show on hover")
def hover_css(kit: Kit) -> Site:
    one = kit.form()
    style = "<style>.m{display:none}.n:hover .m{display:block}</style>"
    return site(f'{style}<div class="n">Menu<div class="m">{kit.link(one)}</div></div>', one)


@GESTURES.case("A form that styles show on hover")
def hover_css_form(kit: Kit) -> Site:
    one = kit.form()
    style = "<style>.m{display:none}.n:hover .m{display:block}</style>"
    return here(f'{style}<div class="n" style="width:300px"><b>{one.topic}</b><div class="m">{one.html}</div></div>', one)


@GESTURES.case("A menu that a script fills on mouseenter")
def hover_script(kit: Kit) -> Site:
    one = kit.form()
    script = f"n.addEventListener('mouseenter', () => m.innerHTML = {kit.link(one)!r})"
    return site(f'<div id="n">Menu<div id="m"></div></div><script>{script}</script>', one)


@GESTURES.case("A menu that a delegated mouseover fills")
def hover_delegated(kit: Kit) -> Site:
    one = kit.form()
    script = f"document.addEventListener('mouseover', e => {{ if (e.target.id === 'n') m.innerHTML = {kit.link(one)!r} }})"
    return site(f'<div><span id="n" aria-haspopup="true">Menu</span><div id="m"></div></div><script>{script}</script>', one)


@GESTURES.case("Row actions drawn on hover, each row's edit form in a dialog")
def row_actions(kit: Kit) -> Site:
    one = kit.form()
    style = "<style>tr .a{visibility:hidden}tr:hover .a{visibility:visible}</style>"
    rows = "".join(
        f'<tr><td>Row {n}</td><td class="a"><button aria-label="Edit row {n}" onclick="d.showModal()">✎</button></td></tr>'
        for n in range(4)
    )
    return here(f'{style}<table>{rows}</table><dialog id="d">{one.html}</dialog>', one)


@GESTURES.case("Row actions that are made on hover")
def row_actions_made(kit: Kit) -> Site:
    rows = "".join(f'<tr><td>Row {n}</td><td class="a"></td></tr>' for n in range(3))
    script = """document.querySelectorAll('tr').forEach(r => { r.onmouseenter = () => {
      r.lastChild.innerHTML = '<button onclick="make()">✎</button>' }; r.onmouseleave = () => r.lastChild.innerHTML = '' })"""
    return made_by(kit, f"<table>{rows}</table>", script=script)


@GESTURES.case("A field that shows the rest of its form when focused")
def focus(kit: Kit) -> Site:
    script = "q.onfocus = () => rest.hidden = false"
    rest = '<div id="rest" hidden><label>Deadline <input name="deadline"></label><label>Owner <input name="owner"></label><button>Save</button></div>'
    home = f'<form action="/save" method="post"><label>Task <input id="q" name="task"></label>{rest}</form><script>{script}</script>'
    return here(home, also=(form("task=Task", "?deadline=Deadline", "?owner=Owner"),))


@GESTURES.case("A panel that :focus-within shows")
def focus_within(kit: Kit) -> Site:
    one = kit.form()
    style = "<style>.m{display:none}.n:focus-within .m{display:block}</style>"
    return here(f'{style}<div class="n"><span tabindex="0">{one.topic}</span><div class="m">{one.html}</div></div>', one)


@GESTURES.case("A double click")
def double_click(kit: Kit) -> Site:
    return made_by(kit, '<div id="a">{topic}</div>', script="a.addEventListener('dblclick', make)")


@GESTURES.case("A cell that a double click makes a field")
def double_click_cell(kit: Kit) -> Site:
    script = """a.ondblclick = () => { a.innerHTML = '<input name="amount" aria-label="Amount"><button>✓</button>' }"""
    return here(
        f'<table><tr><th>Amount</th></tr><tr><td id="a">12</td></tr></table><script>{script}</script>', also=(form("amount=Amount"),)
    )


@GESTURES.case("A context menu")
def context_menu(kit: Kit) -> Site:
    script = "a.addEventListener('contextmenu', e => { e.preventDefault(); m.hidden = false })"
    menu = '<ul role="menu" id="m" hidden><li role="menuitem" onclick="make()">{topic}</li></ul>'
    return made_by(kit, f'<div id="a" style="padding:20px;background:#eee">File.txt</div>{menu}', script=script)


@GESTURES.case("A long press")
def long_press(kit: Kit) -> Site:
    script = "let t; a.onpointerdown = () => t = setTimeout(make, 600); a.onpointerup = a.onpointerleave = () => clearTimeout(t)"
    return made_by(kit, '<div id="a" style="padding:20px;background:#eee;touch-action:none">{topic}</div>', script=script)


@GESTURES.case("A key on the page that aria-keyshortcuts names")
def key_shortcut(kit: Kit) -> Site:
    script = "addEventListener('keydown', e => { if (e.key === 'n' && !e.ctrlKey) make() })"
    return made_by(kit, '<p aria-keyshortcuts="n" tabindex="0">Press <kbd>n</kbd> for {topic}</p>', script=script)


@GESTURES.case("Arrow keys in a list, then Enter")
def arrow_keys(kit: Kit) -> Site:
    script = """let n = 0; l.onkeydown = e => { if (e.key === 'ArrowDown') n = Math.min(1, n + 1); if (e.key === 'Enter' && n === 1) make();
      l.setAttribute('aria-activedescendant', 'o' + n) }"""
    box = '<div role="listbox" id="l" tabindex="0" aria-label="{topic}"><div role="option" id="o0">One</div><div role="option" id="o1">Two</div></div>'
    return made_by(kit, box, script=script)


@GESTURES.case("Infinite scroll: the form's link comes with the third load")
def infinite_scroll(kit: Kit) -> Site:
    one = kit.form()

    def more(ask: Ask) -> str:
        number = int(ask.query["n"])
        rows = "".join(f"<p style='height:120px'>Row {number}.{row}</p>" for row in range(10))
        return "<!doctype html>" + (kit.link(one) if number == 2 else "") + (rows if number < 6 else "")

    script = """let n = 0, busy = false; const load = async () => { if (busy || n > 6) return; busy = true;
      box.insertAdjacentHTML('beforeend', await (await fetch('/rows?n=' + n++)).text()); busy = false };
      addEventListener('scroll', () => { if (scrollY + innerHeight > document.body.scrollHeight - 200) load() }); load()"""
    pages: dict[str, Page] = {"/rows": more}
    return site(f'<div id="box"></div><script>{script}</script>', one, pages=pages)


@GESTURES.case("Infinite scroll in a box of its own")
def scroll_box(kit: Kit) -> Site:
    one = kit.form()
    script = f"""b.onscroll = () => {{ if (b.scrollTop + b.clientHeight > b.scrollHeight - 50 && !b.dataset.done) {{ b.dataset.done = 1;
      b.insertAdjacentHTML('beforeend', {kit.link(one)!r}) }} }}"""
    rows = "".join(f"<p style='height:80px'>Row {n}</p>" for n in range(10))
    return site(f'<div id="b" style="height:300px;overflow:auto">{rows}</div><script>{script}</script>', one)


@GESTURES.case("A form that is made when its place comes into view")
def in_view(kit: Kit) -> Site:
    script = "new IntersectionObserver(es => { if (es.some(e => e.isIntersecting)) make() }).observe(box)"
    return made_by(kit, '<div style="height:4000px">Scroll down</div>', script=script)


@GESTURES.case("A select that leads to a page")
def select_to_navigate(kit: Kit) -> Site:
    one, two = kit.forms(2)
    options = (
        f'<option value="">Go to…</option><option value="{one.path}">{one.topic}</option><option value="{two.path}">{two.topic}</option>'
    )
    return site(f'<select aria-label="Go to" onchange="if (this.value) location = this.value">{options}</select>', one, two)


@GESTURES.case("A select whose script knows the addresses")
def select_by_table(kit: Kit) -> Site:
    one, two = kit.forms(2)
    script = f"const to = {{a: '{one.path}', b: '{two.path}'}}; s.onchange = () => location.assign(to[s.value])"
    options = f"<option>Choose</option><option value=a>{one.topic}</option><option value=b>{two.topic}</option>"
    return site(f'<label>Kind <select id="s">{options}</select></label><script>{script}</script>', one, two)


@GESTURES.case("A select that shows one form a choice")
def select_reveals(kit: Kit) -> Site:
    one, two = kit.forms(2)
    script = f"const parts = {{a: {one.html!r}, b: {two.html!r}}}; s.onchange = () => box.innerHTML = parts[s.value] || ''"
    options = "<option value=''>Choose…</option><option value=a>Wood</option><option value=b>Stone</option>"
    return here(f'<label>Kind <select id="s">{options}</select></label><div id="box"></div><script>{script}</script>', one, two)


@GESTURES.case("Radio buttons that show one form a choice")
def radio_reveals(kit: Kit) -> Site:
    one, two = kit.forms(2)
    script = f"const parts = [{one.html!r}, {two.html!r}]; const pick = n => box.innerHTML = parts[n]"
    radios = "".join(
        f'<label><input type="radio" name="k" onchange="pick({n})"> {label}</label>' for n, label in enumerate(("Wood", "Stone"))
    )
    return here(f"{radios}<div id='box'></div><script>{script}</script>", one, two)


@GESTURES.case("A switch that opens a part of the page")
def switch_reveals(kit: Kit) -> Site:
    control = '<button role="switch" aria-checked="false" onclick="this.setAttribute(\'aria-checked\',\'true\');make()">{topic}</button>'
    return made_by(kit, control)


@GESTURES.case("A combobox without a select whose choice leads to a page")
def combobox_navigates(kit: Kit) -> Site:
    one = kit.form()
    script = f"c.onclick = () => l.hidden = false; o.onclick = () => location.assign('{one.path}')"
    box = f'<div role="combobox" id="c" tabindex="0" aria-expanded="false" aria-controls="l">Choose…</div><ul role="listbox" id="l" hidden><li role="option" id="o">{one.topic}</li></ul>'
    return site(f"{box}<script>{script}</script>", one)


@GESTURES.case("Typing into a search shows results as links")
def typing(kit: Kit) -> Site:
    one = kit.form()
    script = f"q.oninput = () => r.innerHTML = q.value ? {kit.link(one)!r} : ''"
    home = (
        f'<form role="search"><input id="q" type="search" name="q" aria-label="Search"></form><div id="r"></div><script>{script}</script>'
    )
    return site(home, one, also=(form("q=Search", exact=False),))


@GESTURES.case("A handle that is dragged open")
def dragging(kit: Kit) -> Site:
    script = "let y; h.onpointerdown = e => y = e.clientY; addEventListener('pointermove', e => { if (y && e.clientY - y < -40) make() })"
    control = '<div id="h" role="separator" tabindex="0" aria-label="{topic}" style="margin-top:300px;height:24px;background:#ccc;cursor:grab"></div>'
    return made_by(kit, control, script=script)


@GESTURES.case("A form that waits hidden and that a link shows, and another that nothing shows")
def hidden_for_ever(kit: Kit) -> Site:
    one, two = kit.forms(2)
    home = f'<a href="#" onclick="box.hidden=false">{one.topic}</a>{hidden(one)}<div style="display:none">{two.html}</div>'
    return here(home, one, also=(at(two, "/", optional=True),))
