"""Traps: sites without an end, of which a crawler must see enough and no more; and pages that would end a session."""

from typing import Any

from tests.support.playground.cases import Answer, Ask, Group, Page, Site, at, away, form, here, script, site, told
from tests.support.playground.kit import Kit

TRAPS = Group("traps")

BOUND = 25
"""Visits that are enough for a site of three pages and one trap."""


def trap(kit: Kit, links: str, page: Page, *, below: str = "/t/*", **more: Any) -> Site:
    """Return a site of a form and a part without an end; the form's link stands after the trap's."""
    one = kit.form()
    return site(f"{links}{kit.link(one)}", one, pages={below: page}, **{"most_visits": BOUND, **more})


@TRAPS.case("A calendar: every month leads to the next and the one before")
def calendar(kit: Kit) -> Site:
    def month(ask: Ask) -> str:
        year, month = map(int, ask.path.split("/")[2:4])
        around = [(year + (month + step - 1) // 12, (month + step - 1) % 12 + 1) for step in (-1, 1)]
        days = "".join(f'<a href="/t/{year}/{month}/{day}">{day}</a> ' for day in range(1, 29))
        return "".join(f'<a href="/t/{y}/{m}">{y}-{m}</a> ' for y, m in around) + days

    def any_day(ask: Ask) -> str:
        return f"<h1>{ask.path}</h1><p>No events</p>" if ask.path.count("/") > 3 else month(ask)

    return trap(kit, '<a href="/t/2026/5">Calendar</a>', any_day)


@TRAPS.case("A calendar by query: ?date=")
def calendar_query(kit: Kit) -> Site:
    def day(ask: Ask) -> str:
        number = int(ask.query.get("day", "20000"))
        return f'<h1>Day {number}</h1><a href="/t/c?day={number - 1}">‹</a> <a href="/t/c?day={number + 1}">›</a>'

    return trap(kit, '<a href="/t/c">Calendar</a>', day)


@TRAPS.case("A search that answers with further searches")
def echoing_search(kit: Kit) -> Site:
    def found(ask: Ask) -> str:
        words = ask.query.get("q", "a")
        return "".join(f'<a href="/t/find?q={words}+{more}">{words} {more}</a> ' for more in ("red", "blue", "old"))

    return trap(kit, '<a href="/t/find?q=a">Search: a</a>', found)


@TRAPS.case("A relative link under a path that answers everything")
def relative_explosion(kit: Kit) -> Site:
    return trap(kit, '<a href="/t/">In</a>', '<h1>In</h1><a href="more/">More</a> <a href="other/">Other</a>')


@TRAPS.case("A session id in the path of every link, another each time")
def session_in_path(kit: Kit) -> Site:
    def page(ask: Ask) -> str:
        number = ask.memory["n"] = ask.memory.get("n", 0) + 1
        return (
            f'<h1>In</h1><a href="/t/(S(k{number:06x}zq{number * 7919:05d}))/list">List</a> <a href="/t/(S(k{number:06x}zq))/help">Help</a>'
        )

    return trap(kit, '<a href="/t/in">In</a>', page)


@TRAPS.case("A session id in the query of every link, another each time")
def session_in_query(kit: Kit) -> Site:
    def page(ask: Ask) -> str:
        number = ask.memory["n"] = ask.memory.get("n", 0) + 1
        return f'<h1>In</h1><a href="/t/list?sid={number * 7919:08x}">List</a> <a href="/t/help?sid={number * 7919:08x}">Help</a>'

    return trap(kit, '<a href="/t/in">In</a>', page)


@TRAPS.case("Facets: each choice can be joined with each other")
def facets(kit: Kit) -> Site:
    def found(ask: Ask) -> str:
        links = ""
        for facet in "abcdef":
            for value in "12":
                query = "&amp;".join(f"{key}={one}" for key, one in sorted({**ask.query, facet: value}.items()))
                links += f'<a href="/t/shop?{query}">{facet}{value}</a> '
        return f"<h1>{len(ask.query)} filters</h1>{links}"

    return trap(kit, '<a href="/t/shop">Shop</a>', found)


@TRAPS.case("Pages of a list without an end")
def endless_pages(kit: Kit) -> Site:
    def page(ask: Ask) -> str:
        number = int(ask.query.get("page", "1"))
        rows = "".join(f'<p><a href="/t/item/{number}{row}">Item {number}{row}</a></p>' for row in range(5))
        return f'{rows}<a rel="next" href="/t/list?page={number + 1}">Next</a>'

    def any_page(ask: Ask) -> str:
        return f"<h1>{ask.path}</h1>" if "/item/" in ask.path else page(ask)

    return trap(kit, '<a href="/t/list">List</a>', any_page)


@TRAPS.case("Every address answers 200")
def answers_all(kit: Kit) -> Site:
    one = kit.form()
    any_page = f'<h1>Page</h1><a href="/x/1">x</a> <a href="y">y</a> <a href="z/z">z</a>{kit.link(one)}'
    return site(any_page, one, pages={"/*": any_page}, most_visits=BOUND)


@TRAPS.case("Client routes without an end, by fragment")
def endless_routes(kit: Kit) -> Site:
    one = kit.form()
    draw = """<main id="app"></main><script>const draw = () => { const n = +(location.hash.split('/')[2] || 0);
      app.innerHTML = `<h1>Step ${n}</h1><a href="#/step/${n + 1}">Next</a>` }; addEventListener('hashchange', draw); draw()</script>"""
    return site(kit.link(one) + draw, one, most_visits=BOUND)


@TRAPS.case("A button that adds another button each time")
def breeding_buttons(kit: Kit) -> Site:
    add = "const add = () => { n++; box.insertAdjacentHTML('beforeend', `<button onclick=add()>Part ${n}</button>`) }; let n = 0; add()"
    return trap(kit, f'<div id="box"></div><script>{add}</script>', "", most_clicks=60)


@TRAPS.case("A tree whose branches never end")
def endless_tree(kit: Kit) -> Site:
    grow = "const grow = li => { if (!li.querySelector('ul')) li.insertAdjacentHTML('beforeend', '<ul><li role=treeitem aria-expanded=false onclick=\"event.stopPropagation();grow(this)\">Branch</li></ul>') }"
    tree = '<ul role="tree"><li role="treeitem" aria-expanded="false" onclick="grow(this)">Root</li></ul>'
    return trap(kit, f"{tree}<script>{grow}</script>", "", most_clicks=60)


@TRAPS.case("Infinite scroll without an end")
def endless_scroll(kit: Kit) -> Site:
    load = """let n = 0; const load = async () => { n++; for (let i = 0; i < 20; i++) box.insertAdjacentHTML('beforeend', `<p>Row ${n}.${i}</p>`) };
      new IntersectionObserver(e => e[0].isIntersecting && load()).observe(end)"""
    one = kit.form()
    return site(f'{kit.link(one)}<div id="box"></div><div id="end">…</div><script>{load}</script>', one, most_visits=BOUND)


@TRAPS.case("A page that opens fifty windows")
def fifty_windows(kit: Kit) -> Site:
    return trap(kit, "<script>for (let i = 0; i < 50; i++) window.open('/t/' + i)</script>", "<h1>Ad</h1>")


@TRAPS.case("A redirect that leads to itself, and two that lead to each other")
def redirect_loop(kit: Kit) -> Site:
    return trap(kit, '<a href="/t/a">A</a> <a href="/t/b">B</a>', away("/t/b"), below="/t/*")


@TRAPS.case("Alert after alert, confirm and prompt on the way in")
def alerts(kit: Kit) -> Site:
    one = kit.form()
    return site(f"<script>alert('Hi'); confirm('Sure?'); prompt('Name?')</script>{kit.link(one)}", one)


@TRAPS.case("A page that asks before it is left once a field was touched")
def before_unload(kit: Kit) -> Site:
    one, two = kit.forms(2)
    keep = "<script>addEventListener('input', () => window.onbeforeunload = () => 'Stay')</script>"
    return Site(pages={"/": f"{one.html}{keep}{kit.link(two)}", two.path: two.html}, forms=(at(one, "/"), at(two)))


@TRAPS.case("Downloads behind links: a table, a picture, a page with Content-Disposition")
def downloads(kit: Kit) -> Site:
    def file(ask: Ask) -> Answer:
        if ask.path.endswith(".png"):
            return Answer(body=b"\x89PNG", type="image/png")
        name = "report.html" if ask.path.endswith("report") else "rows.csv"
        return Answer(
            body="a,b",
            type="text/csv" if name.endswith("csv") else "text/html",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return trap(
        kit,
        '<a href="/t/rows.csv">Rows</a> <a href="/t/p.png">Picture</a> <a href="/t/report">Report</a>',
        file,
        outcomes={"/t/report": "download"},
    )


@TRAPS.case("A page that never comes to rest: it asks for news each half second")
def polling(kit: Kit) -> Site:
    one = kit.form()
    poll = "<script>setInterval(() => fetch('/news'), 500); setInterval(() => c.textContent = Date.now(), 100)</script><p id=c></p>"
    return here(one.html + poll, one, pages={"/news": told("{}")})


@TRAPS.case("A page that does not answer for minutes")
def silent_page(kit: Kit) -> Site:
    return trap(kit, '<a href="/t/slow">Slow</a>', Answer(body="late", seconds=200))


@TRAPS.case("A page whose script runs for ever")
def endless_script(kit: Kit) -> Site:
    return trap(kit, '<a href="/t/busy">Busy</a>', "<h1>Busy</h1><script>setTimeout(() => { for (;;); }, 300)</script>")


@TRAPS.case("A page of 40,000 elements")
def huge_page(kit: Kit) -> Site:
    one = kit.form()
    rows = "".join(f"<tr><td>{n}</td><td>x</td><td>y</td></tr>" for n in range(10_000))
    return site(f'{kit.link(one)}<a href="/big">Big</a>', one, pages={"/big": f"<table>{rows}</table>"})


@TRAPS.case("Errors: 500, 403, 404, a closed connection's 502, each with a menu")
def errors(kit: Kit) -> Site:
    def failed(ask: Ask) -> Answer:
        return Answer(body="<h1>Failed</h1>", status=int(ask.path.rsplit("/", 1)[1]))

    links = "".join(f'<a href="/t/{status}">{status}</a> ' for status in (500, 403, 404, 502))
    return trap(kit, links, failed, outcomes={"/t/500": "http_error", "/t/404": "http_error"})


@TRAPS.case("A server that answers 429 at first")
def too_many(kit: Kit) -> Site:
    one = kit.form()

    def busy(ask: Ask) -> str | Answer:
        ask.memory["n"] = ask.memory.get("n", 0) + 1
        return Answer(status=429, body="<h1>Slow down</h1>", headers={"Retry-After": "1"}) if ask.memory["n"] <= 2 else one.html

    return site(kit.link(one), pages={one.path: busy}, also=(at(one),))


@TRAPS.case("A missing style sheet makes every hidden form visible")
def missing_styles(kit: Kit) -> Site:
    one, two = kit.forms(2)
    home = f'<link rel="stylesheet" href="/lost.css">{one.html}<div class="hidden modal">{two.html}</div>'
    return here(home, one, two, pages={"/lost.css": Answer(status=404)})


@TRAPS.case("A canvas that draws its own fields")
def canvas(kit: Kit) -> Site:
    draw = "const x = c.getContext('2d'); x.strokeRect(20, 20, 200, 24); x.fillText('Name', 20, 15)"
    return here(f'<canvas id="c" width="1200" height="800"></canvas><script>{draw}</script>', outcomes={"/": "canvas_ui"})


@TRAPS.case("A wall that asks whether one is a robot")
def bot_wall(kit: Kit) -> Site:
    one = kit.form()
    wall = '<h1>Just a moment…</h1><p>Verify you are human</p><div class="cf-turnstile"><iframe title="Widget containing a security challenge" srcdoc="<input type=checkbox>"></iframe></div>'
    return site(
        f'{kit.link(one)}<a href="/wall">Wall</a>', one, pages={"/wall": Answer(body=wall, status=403)}, outcomes={"/wall": "bot_wall"}
    )


@TRAPS.case("Toolbars of links that change the fragment alone")
def fragments(kit: Kit) -> Site:
    one = kit.form()
    bar = "".join(f'<a href="#part{n}">Part {n}</a> ' for n in range(30))
    return here(bar + one.html, one, most_visits=5, most_clicks=60)


@TRAPS.case("A service worker that answers every page with another one")
def lying_worker(kit: Kit) -> Site:
    one = kit.form()
    worker = script(
        "self.addEventListener('install', () => skipWaiting()); self.addEventListener('activate', e => e.waitUntil(clients.claim())); self.addEventListener('fetch', e => { if (e.request.mode === 'navigate') e.respondWith(new Response('<h1>Offline</h1>', {headers: {'Content-Type': 'text/html'}})) })"
    )
    home = f"{kit.link(one)}<script>navigator.serviceWorker && navigator.serviceWorker.register('/sw.js').catch(() => 0)</script>"
    return site(home, one, pages={"/sw.js": worker})


@TRAPS.case("Fifty pages of one template, one of them with its own form among common ones")
def one_of_fifty(kit: Kit) -> Site:
    one = kit.form()
    links = "".join(f'<a href="/t/{n}">Note {n}</a> ' for n in range(50))
    return trap(
        kit,
        links,
        lambda ask: f"<h1>{ask.path}</h1><p>Words</p>" + one.html * (ask.path == "/t/1"),
        also=(at(one, "/t/{n}", optional=True),),
    )


@TRAPS.case("A choice of fifty kinds that lead to one form: a few are tried")
def fifty_kinds(kit: Kit) -> Site:
    links = "".join(f'<li><a href="/new?kind={n}">Kind {n}</a></li>' for n in range(50))
    body = '<form action="/save" method="post"><label>Title <input name="title"></label><label>Text <textarea name="text"></textarea></label><button>Save</button></form>'
    return site(f"<ul>{links}</ul>", pages={"/new": body}, also=(form("title=Title", "text=Text", where="/new"),), most_visits=12)
