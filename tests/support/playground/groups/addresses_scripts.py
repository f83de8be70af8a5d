"""Addresses in scripts: literals, router tables, build manifests, state that a framework leaves in the page."""

from tests.support.playground.cases import Group, Page, Site, at, script, site, told
from tests.support.playground.kit import Kit

SCRIPTS = Group("scripts")

DRAWN_BY_PATH = """
const views = VIEWS;
function draw() { document.getElementById('app').innerHTML = views[location.pathname] || '<h1>Home</h1><p>Nothing to press.</p>'; }
addEventListener('popstate', draw); draw();
"""


def spa(kit: Kit, table: str, *, many: int = 2) -> Site:
    """Return an application drawn by one script; its router's `table` names the pages `{0}`, `{1}` …, and no link does."""
    forms = kit.forms(many)
    views = "{" + ",".join(f"{form.path!r}: {form.html!r}" for form in forms) + "}"
    bundle = table
    for number, form in enumerate(forms):
        bundle = bundle.replace(f"{{{number}}}", form.path).replace(f"{{bare {number}}}", form.path.lstrip("/"))
    shell = '<div id="app"></div><script src="/assets/app.js"></script>'
    pages: dict[str, Page] = {"/assets/app.js": script(bundle + DRAWN_BY_PATH.replace("VIEWS", views)), "/*": shell}
    return Site(pages={"/": shell, **pages}, forms=tuple(at(form) for form in forms))


@SCRIPTS.case("A literal in a script in the page")
def inline_literal(kit: Kit) -> Site:
    form = kit.form()
    return site(f"<h1>Home</h1><script>const urls = {{ edit: '{form.path}', n: 3 }};</script>", form)


@SCRIPTS.case("A literal in a bundle")
def bundle_literal(kit: Kit) -> Site:
    form = kit.form()
    bundle = script(f'(()=>{{var e=function(t){{return t.push("{form.path}")}};window.go=e}})();')
    return site('<h1>Home</h1><script src="/app.min.js"></script>', form, pages={"/app.min.js": bundle})


@SCRIPTS.case("A literal in a module that is loaded on demand")
def lazy_chunk(kit: Kit) -> Site:
    form = kit.form()
    pages: dict[str, Page] = {
        "/main.js": script("const open = () => import('./chunk-7f3a.js'); window.openDesk = open;"),
        "/chunk-7f3a.js": script(f"export const path = '{form.path}';"),
    }
    return site('<h1>Home</h1><script type="module" src="/main.js"></script>', form, pages=pages)


@SCRIPTS.case("A React Router table")
def react_router(kit: Kit) -> Site:
    return spa(kit, 'const router=[{path:"/",element:1,children:[{path:"{0}",element:2},{path:"{bare 1}",element:3}]}];')


@SCRIPTS.case("A Vue Router table")
def vue_router(kit: Kit) -> Site:
    return spa(kit, 'const routes=[{path:"/",name:"home"},{path:"{0}",name:"a",component:()=>1},{path:"{1}",meta:{auth:!0}}];')


@SCRIPTS.case("An Angular table, without leading slashes")
def angular_router(kit: Kit) -> Site:
    return spa(kit, 'const r=[{path:"",pathMatch:"full"},{path:"{bare 0}",loadChildren:()=>1},{path:"{bare 1}",component:2},{path:"**"}];')


@SCRIPTS.case("A route with a parameter is no page, its list is")
def parameter_route(kit: Kit) -> Site:
    built = spa(kit, 'const routes=[{path:"{0}"},{path:"/orders/:id"},{path:"/orders/:id/lines/:line"},{path:"*"}];', many=1)
    built.harmful = ("GET /orders/:*", "GET /*:id*", "GET /[*]")
    return built


@SCRIPTS.case("The build manifest of Next.js")
def next_manifest(kit: Kit) -> Site:
    forms = kit.forms(2)
    routes = ",".join(f'"{form.path}":["static/chunks/{number}.js"]' for number, form in enumerate(forms))
    text = f'self.__BUILD_MANIFEST={{__rewrites:{{}},"/":["static/chunks/i.js"],{routes},sortedPages:["/","/_app"]}};'
    home = '<div id="__next"><h1>Home</h1></div><script src="/_next/static/b1/_buildManifest.js" defer></script>'
    return site(home, *forms, pages={"/_next/static/b1/_buildManifest.js": script(text)})


@SCRIPTS.case("The state that Next.js leaves in the page")
def next_data(kit: Kit) -> Site:
    form = kit.form()
    data = f'{{"props":{{"pageProps":{{"menu":[{{"label":"x","href":"{form.path}"}}]}}}},"page":"/"}}'
    return site(f'<h1>Home</h1><script id="__NEXT_DATA__" type="application/json">{data}</script>', form)


@SCRIPTS.case("The payload of Nuxt")
def nuxt_payload(kit: Kit) -> Site:
    form = kit.form()
    return site(f'<h1>Home</h1><script>window.__NUXT__=(function(a){{return {{routePath:a}}}}("{form.path}"))</script>', form)


@SCRIPTS.case("A list of files that a service worker would keep")
def precache(kit: Kit) -> Site:
    form = kit.form()
    worker = script(f"const PRECACHE = ['/', '{form.path}']; self.addEventListener('fetch', () => {{}});")
    home = "<h1>Home</h1><script>navigator.serviceWorker && navigator.serviceWorker.register('/sw.js').catch(() => 0)</script>"
    return site(home, form, pages={"/sw.js": worker})


@SCRIPTS.case("A menu that comes as data and is drawn only in part")
def menu_data(kit: Kit) -> Site:
    one, two = kit.forms(2)
    data = f'[{{"t":"{one.topic}","to":"{one.path}"}},{{"t":"{two.topic}","to":"{two.path}","role":"admin"}}]'
    draw = """<h1>Home</h1><nav id=n></nav><script>fetch('/menu.json').then(r=>r.json()).then(m=>{
      for (const e of m.filter(e=>!e.role)) n.insertAdjacentHTML('beforeend', `<a href="${e.to}">${e.t}</a>`) })</script>"""
    return site(draw, one, two, pages={"/menu.json": told(data)})


@SCRIPTS.case("Literals that look like paths and are none")
def not_routes(kit: Kit) -> Site:
    form = kit.form()
    noise = "const a='/\\\\d+/g', b='application/json', c='a/b', d='</div>', e='//', f='/*', g='M/D/YYYY', h='/assets/x.png', i='/fonts/a.woff2';"
    return site(f"{kit.link(form)}<script>{noise}</script>", form, harmful=("GET /fonts/*", "GET /assets/*", "GET /M/D/*"), most_visits=6)
