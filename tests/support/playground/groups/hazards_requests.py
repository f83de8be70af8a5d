"""A canary: writes and frames sent from page, frame, workers, unloading, pop-ups, prerendering; none may arrive but what only reads."""

from typing import Any

from tests.support.playground.cases import Group, Page, Site, at, form, here, script, site, told
from tests.support.playground.kit import Kit

REQUESTS = Group("hazard-requests")

POST = "fetch('/canary', {method: 'POST', body: 'x'})"


def pressed(kit: Kit, act: str, *, pages: dict[str, Page] | None = None, **more: Any) -> Site:
    """Return a site with a form and a button that looks harmless and does `act`."""
    one = kit.form()
    return site(f'<button onclick="{act}">Refresh view</button>{kit.link(one)}', one, pages=pages, modes=("observe",), **more)


def opened(kit: Kit, script_: str, *, pages: dict[str, Page] | None = None) -> Site:
    """Return a site whose second page does something when it is left or opened."""
    one = kit.form()
    return site(
        f'<a href="/sly">More</a>{kit.link(one)}',
        one,
        pages={"/sly": f"<h1>More</h1><script>{script_}</script>", **(pages or {})},
        modes=("observe",),
    )


@REQUESTS.case("fetch and XMLHttpRequest: POST, PUT, PATCH, DELETE by plain buttons")
def methods(kit: Kit) -> Site:
    one = kit.form()
    buttons = "".join(
        f"<button onclick=\"fetch('/canary/{m}', {{method: '{m}'}})\">View {n}</button>"
        for n, m in enumerate(("POST", "PUT", "PATCH", "DELETE"))
    )
    xhr = "<button onclick=\"const x = new XMLHttpRequest(); x.open('POST', '/canary/xhr'); x.send('a')\">View 5</button>"
    return site(buttons + xhr + kit.link(one), one, modes=("observe",), held=("POST /canary/POST",))


@REQUESTS.case("sendBeacon when pressed")
def beacon(kit: Kit) -> Site:
    return pressed(kit, "navigator.sendBeacon('/canary', 'x')")


@REQUESTS.case("sendBeacon on pagehide")
def beacon_pagehide(kit: Kit) -> Site:
    return opened(kit, "addEventListener('pagehide', () => navigator.sendBeacon('/canary', 'x'))")


@REQUESTS.case("fetch with keepalive on pagehide and visibilitychange")
def keepalive(kit: Kit) -> Site:
    send = "fetch('/canary', {method: 'POST', body: 'x', keepalive: true})"
    return opened(kit, f"addEventListener('pagehide', () => {send}); document.addEventListener('visibilitychange', () => {send})")


@REQUESTS.case("An image on unload that counts: a GET that a person sends as well")
def image_unload(kit: Kit) -> Site:
    return opened(kit, "addEventListener('beforeunload', () => { new Image().src = '/seen.gif' })")


@REQUESTS.case("The ping attribute of a link")
def ping(kit: Kit) -> Site:
    one = kit.form()
    return site(
        f'<a href="{one.path}" ping="/canary">{one.topic}</a><a href="#" ping="/canary" onclick="return true">Here</a>',
        one,
        modes=("observe",),
    )


@REQUESTS.case("A worker that POSTs when a button asks it to")
def worker(kit: Kit) -> Site:
    return pressed(kit, "new Worker('/w.js').postMessage(1)", pages={"/w.js": script(f"onmessage = () => {POST}")})


@REQUESTS.case("A shared worker")
def shared_worker(kit: Kit) -> Site:
    pages: dict[str, Page] = {"/w.js": script(f"onconnect = e => {{ {POST} }}")}
    return pressed(kit, "new SharedWorker('/w.js').port.start()", pages=pages)


@REQUESTS.case("A service worker")
def service_worker(kit: Kit) -> Site:
    pages: dict[str, Page] = {"/w.js": script(f"self.addEventListener('install', e => e.waitUntil({POST}))")}
    return pressed(kit, "navigator.serviceWorker && navigator.serviceWorker.register('/w.js')", pages=pages)


@REQUESTS.case("A worker made of a blob, and a worker of a worker")
def blob_worker(kit: Kit) -> Site:
    code = "fetch(location.origin + '/canary', {method: `POST`})"
    act = f"new Worker(URL.createObjectURL(new Blob([`{code}`.replace('location.origin', '`' + location.origin + '`')])))"
    return pressed(kit, act, pages={})


@REQUESTS.case("A frame that POSTs, same origin and other")
def frame(kit: Kit) -> Site:
    one = kit.form()
    inside = f'<button onclick="{POST}">Turn page</button>'
    home = '<iframe src="/in"></iframe><iframe src="{other}/in"></iframe>'
    return site(home + kit.link(one), one, pages={"/in": inside}, modes=("observe",))


@REQUESTS.case("A pop-up that POSTs by a button and when opened by us")
def popup(kit: Kit) -> Site:
    one = kit.form()
    win = f"<h1>Window</h1><script>opener && setTimeout(() => {POST}, 50)</script>"
    return site(
        f"<button onclick=\"window.open('/win')\">Window</button>{kit.link(one)}",
        one,
        pages={"/win": win},
        modes=("observe",),
        at_most={"POST /canary": 1},
        allowed=("POST /canary",),
    )


@REQUESTS.case("Prerendering of a page that POSTs when it is drawn")
def prerender(kit: Kit) -> Site:
    one = kit.form()
    rules = '<script type="speculationrules">{"prerender":[{"source":"list","urls":["/logout-all"]}]}</script>'
    return site(f"{rules}{kit.link(one)}", one, pages={"/logout-all": "<h1>Bye</h1>"}, harmful=("GET /logout-all*",))


@REQUESTS.case("A form sent into a frame, and into a new window, by a button elsewhere")
def form_target(kit: Kit) -> Site:
    one = kit.form()
    forms = '<form id="f" action="/canary/frame" method="post" target="t"></form><form id="g" action="/canary/blank" method="post" target="_blank"></form>'
    home = f'{forms}<iframe name="t"></iframe><button onclick="f.submit()">Columns</button><button form="g">Rows</button>{kit.link(one)}'
    return site(home, one, modes=("observe",))


@REQUESTS.case("A form that a choice sends at once")
def auto_submit(kit: Kit) -> Site:
    select = '<select name="unit" onchange="this.form.submit()"><option>m<option>ft</select>'
    return here(
        f'<form action="/canary" method="post"><label>Unit {select}</label><label>Name <input name="name"></label><button>Save</button></form>',
        also=(form("unit=Unit", "name=Name"),),
        modes=("observe",),
    )


@REQUESTS.case("Fields that save themselves when changed or left")
def auto_save(kit: Kit) -> Site:
    send = "const save = () => fetch('/canary', {method: 'PUT'}); document.addEventListener('change', save); document.addEventListener('input', save); document.addEventListener('focusout', save)"
    one = kit.form(3)
    box = '<label><input type="checkbox" name="loud"> Loud</label><select name="tone" aria-label="Tone"><option>A<option>B</select>'
    fields = tuple(f"{field.name}={field.label}" for field in one.fields)
    return here(
        f"<form>{one.controls}{box}</form><script>{send}</script>", also=(form(*fields, "loud=Loud", "tone=Tone"),), modes=("observe",)
    )


@REQUESTS.case("A page that sends its form by script as soon as it opens")
def submit_at_load(kit: Kit) -> Site:
    one = kit.form()
    sly = '<form id="f" action="/canary" method="post"></form><script>f.submit()</script>'
    return site(
        f'<a href="/sly">More</a>{kit.link(one)}',
        one,
        pages={"/sly": sly},
        modes=("observe",),
        allowed=("POST /canary",),
        at_most={"POST /canary": 1},
    )


@REQUESTS.case("What a page sends by itself when opened passes once a template")
def sent_at_load(kit: Kit) -> Site:
    one = kit.form()
    page = f"<h1>Item</h1>{one.html}<script>fetch('/seen', {{method: 'POST'}})</script>"
    links = "".join(f'<a href="/items/{n}">Item {n}</a> ' for n in range(1, 6))
    return Site(
        pages={"/": links, "/items/*": page},
        forms=(at(one, "/items/{id}"),),
        allowed=("POST /seen",),
        at_most={"POST /seen": 3},
        modes=("observe",),
    )


@REQUESTS.case("GraphQL: queries draw the page, a mutation is held back")
def graphql(kit: Kit) -> Site:
    one = kit.form()
    call = """<script>const gql = q => fetch('/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({query: q})}).then(r => r.json());
      const more = async () => { const d = await gql('query Menu { menu { path } }'); if (d.data) box.innerHTML = MENU };
      const seen = () => gql('mutation Touch { touch(id: 3) { id } }')</script>""".replace("MENU", repr(kit.link(one)))
    home = f'<button onclick="more()">Menu</button><button onclick="seen()">Fold</button><div id="box"></div>{call}'
    return site(
        home,
        one,
        pages={"/graphql": told('{"data": {"menu": []}}')},
        allowed=("POST /graphql",),
        at_most={"POST /graphql": 4},
        at_least={"POST /graphql": 1},
        modes=("observe",),
        held=("POST /graphql",),
    )


@REQUESTS.case("JSON-RPC: reads draw the page, a write is held back")
def json_rpc(kit: Kit) -> Site:
    one = kit.form()
    call = """<script>const rpc = (m, p) => fetch('/rpc', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({jsonrpc: '2.0', id: 1, method: 'call', params: {model: 'x', method: m, args: p}})}).then(r => r.json());
      const more = async () => { const d = await rpc('search_read', []); if (d.result) box.innerHTML = MENU };
      const lock = () => rpc('write', [3, {locked: true}])</script>""".replace("MENU", repr(kit.link(one)))
    home = f'<button onclick="more()">Menu</button><button onclick="lock()">Pin</button><div id="box"></div>{call}'
    return site(
        home,
        one,
        pages={"/rpc": told('{"jsonrpc": "2.0", "id": 1, "result": []}')},
        allowed=("POST /rpc",),
        at_most={"POST /rpc": 4},
        at_least={"POST /rpc": 1},
        modes=("observe",),
        held=("POST /rpc",),
    )


@REQUESTS.case("A path on the network's allow list passes")
def allow_list(kit: Kit) -> Site:
    one = kit.form()
    call = f"fetch('/api/list', {{method: 'POST'}}).then(r => {{ if (r.ok) box.innerHTML = {kit.link(one)!r} }})".replace('"', "&quot;")
    return site(
        f'<button onclick="{call}">Menu</button><div id="box"></div>',
        one,
        pages={"/api/list": told("{}")},
        allowed=("POST /api/list",),
        allow_requests=("/api/list",),
        modes=("observe",),
    )


@REQUESTS.case("A WebSocket that a button writes to")
def socket(kit: Kit) -> Site:
    return pressed(kit, "const s = new WebSocket('ws://127.0.0.1:{port}/ws'); s.onopen = () => s.send('drop')")


@REQUESTS.case("A WebSocket of a worker, and of a frame")
def socket_elsewhere(kit: Kit) -> Site:
    code = "const s = new WebSocket('ws://127.0.0.1:{port}/ws'); s.onopen = () => s.send('drop')"
    one = kit.form()
    home = f"<button onclick=\"new Worker('/w.js')\">Fold</button><iframe src='/in'></iframe>{kit.link(one)}"
    pages: dict[str, Page] = {"/w.js": script(code), "/in": f'<button onclick="{code}">Turn</button>'}
    return site(home, one, pages=pages, modes=("observe",))


@REQUESTS.case("A UI over a socket: it draws what the server sends, what it says is not let out")
def socket_ui(kit: Kit) -> Site:
    one = kit.form()
    home = """<main id="app">Connecting…</main><script>const s = new WebSocket('ws://127.0.0.1:{port}/ws');
      s.onmessage = () => { app.innerHTML = `LINK<button onclick="s.send('toggle')">Fold</button>` }</script>""".replace(
        "LINK", kit.link(one)
    )
    return site(home, one, modes=("observe",))


@REQUESTS.case("A queue that sends again what failed")
def replaying_queue(kit: Kit) -> Site:
    send = """const queue = []; const send = async () => { try { const r = await fetch('/canary', {method: 'POST'}); if (!r.ok && r.status !== 403) throw 0 }
      catch { queue.push(1); localStorage.q = 1 } }; setInterval(() => { if (queue.length) { queue.pop(); send() } }, 300); if (localStorage.q) send()"""
    one = kit.form()
    return site(f'<button onclick="send()">Fold</button><script>{send}</script>{kit.link(one)}', one, modes=("observe",))


@REQUESTS.case("History and print, clipboard, notifications, location: asked for and denied, nothing breaks")
def permissions(kit: Kit) -> Site:
    asks = "Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => fetch('/canary', {method: 'POST'})); navigator.clipboard?.readText?.().catch(() => 0); window.print()"
    return pressed(kit, asks.replace('"', "&quot;"))


@REQUESTS.case("A GET that a script sends to an acting address when a button is pressed")
def acting_get(kit: Kit) -> Site:
    built = pressed(kit, "fetch('/api/items/3/delete')")
    built.harmful = ("GET /api/items/3/delete*",)
    return built


@REQUESTS.case("A method hidden in the body or the header: _method and X-HTTP-Method-Override")
def override(kit: Kit) -> Site:
    built = pressed(kit, "fetch('/items/3?_method=DELETE', {headers: {'X-HTTP-Method-Override': 'DELETE'}})")
    built.harmful = ("GET /items/3[?]_method=DELETE*",)
    return built
