"""Addresses in what the server answers: headers, robots, sitemaps, manifests, style sheets, data."""

import gzip

from tests.support.playground.cases import Answer, Ask, Group, Page, Site, at, away, site, told
from tests.support.playground.kit import Kit

RESPONSES = Group("responses")

WELCOME = "<h1>Welcome</h1><p>Nothing to press.</p>"


def beside(kit: Kit, path: str, text: str, type_: str = "text/plain", home: str = WELCOME) -> Site:
    """Return a site with one form, that a file beside the pages names by `{path}`."""
    form = kit.form()
    return site(home, form, pages={path: told(text.replace("{path}", form.path), type_)})


def sitemap(*paths: str, kind: str = "url") -> str:
    """Return a sitemap of addresses, or an index of sitemaps."""
    outer = "urlset" if kind == "url" else "sitemapindex"
    entries = "".join(f"<{kind}><loc>{{base}}{path}</loc></{kind}>" for path in paths)
    return f'<?xml version="1.0"?><{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{outer}>'


@RESPONSES.case("Location, in a chain of 301, 303, 307 and 308")
def location(kit: Kit) -> Site:
    form = kit.form()
    pages: dict[str, Page] = {"/a": away("/b", 301), "/b": away("c", 303), "/c": away("{base}/d", 307), "/d": away(form.path, 308)}
    return site('<a href="/a">Go</a>', form, pages=pages)


@RESPONSES.case("The first address redirects")
def first_redirects(kit: Kit) -> Site:
    form = kit.form()
    return site(away("/app/"), form, pages={"/app/": kit.link(form)})


@RESPONSES.case("A Refresh header")
def refresh_header(kit: Kit) -> Site:
    form = kit.form()
    return site('<a href="/a">Go</a>', form, pages={"/a": Answer(body="<p>Wait</p>", headers={"Refresh": f"0; url={form.path}"})})


@RESPONSES.case("A Refresh header in ten minutes")
def refresh_header_late(kit: Kit) -> Site:
    form = kit.form()
    return site(Answer(body=WELCOME, headers={"Refresh": f"600; url={form.path}"}), form)


@RESPONSES.case("A Link header")
def link_header(kit: Kit) -> Site:
    form = kit.form()
    return site(Answer(body=WELCOME, headers={"Link": f'<{form.path}>; rel="next", </>; rel="canonical"'}), form)


@RESPONSES.case("A Content-Location header")
def content_location(kit: Kit) -> Site:
    form = kit.form()
    return site(Answer(body=WELCOME, headers={"Content-Location": form.path}), form)


@RESPONSES.case("robots.txt: what it allows and disallows")
def robots(kit: Kit) -> Site:
    one, two = kit.forms(2)
    text = f"User-agent: *\nDisallow: {one.path}\nAllow: {two.path}$\nDisallow: /*.pdf\n"
    return site(WELCOME, one, two, pages={"/robots.txt": told(text, "text/plain")})


@RESPONSES.case("robots.txt is obeyed when the session says so")
def robots_obeyed(kit: Kit) -> Site:
    one, two = kit.forms(2)
    text = f"User-agent: *\nDisallow: {one.path}\n"
    pages: dict[str, Page] = {"/robots.txt": told(text, "text/plain"), one.path: one.html}
    return site(kit.link(one) + kit.link(two), two, pages=pages, robots="obey", harmful=(f"GET {one.path}*",))


@RESPONSES.case("The sitemap that robots.txt names")
def robots_sitemap(kit: Kit) -> Site:
    form = kit.form()
    pages: dict[str, Page] = {
        "/robots.txt": told("Sitemap: {base}/maps/all.xml\n", "text/plain"),
        "/maps/all.xml": told(sitemap("/", form.path), "application/xml"),
    }
    return site(WELCOME, form, pages=pages)


@RESPONSES.case("sitemap.xml")
def sitemap_xml(kit: Kit) -> Site:
    return beside(kit, "/sitemap.xml", sitemap("/", "{path}"), "application/xml")


@RESPONSES.case("A sitemap as plain text")
def sitemap_text(kit: Kit) -> Site:
    form = kit.form()
    pages: dict[str, Page] = {
        "/robots.txt": told("Sitemap: {base}/sitemap.txt\n", "text/plain"),
        "/sitemap.txt": told(f"{{base}}/\n{{base}}{form.path}\n", "text/plain"),
    }
    return site(WELCOME, form, pages=pages)


@RESPONSES.case("A sitemap index, and sitemaps compressed by gzip")
def sitemap_index(kit: Kit) -> Site:
    one, two = kit.forms(2)

    def compressed(ask: Ask) -> Answer:
        text = sitemap(two.path).replace("{base}", f"http://{ask.headers['host']}")
        return Answer(body=gzip.compress(text.encode()), type="application/gzip")

    pages: dict[str, Page] = {
        "/sitemap.xml": told(sitemap("/maps/1.xml", "/maps/2.xml.gz", kind="sitemap"), "application/xml"),
        "/maps/1.xml": told(sitemap(one.path), "application/xml"),
        "/maps/2.xml.gz": compressed,
    }
    return site(WELCOME, one, two, pages=pages)


@RESPONSES.case("A web manifest: its start address and shortcuts")
def manifest(kit: Kit) -> Site:
    one, two = kit.forms(2)
    text = f'{{"name":"App","start_url":"{one.path}","shortcuts":[{{"name":"N","url":"{two.path}"}}]}}'
    home = f'<link rel="manifest" href="/app.webmanifest">{WELCOME}'
    return site(home, one, two, pages={"/app.webmanifest": told(text, "application/manifest+json")})


@RESPONSES.case("url() in a style sheet")
def css_url(kit: Kit) -> Site:
    text = '.help::after{content:"?";cursor:pointer;background:url("{path}")}'
    return beside(kit, "/app.css", text, "text/css", home=f'<link rel="stylesheet" href="/app.css">{WELCOME}')


@RESPONSES.case("Data that the page asked for and that names addresses")
def data_links(kit: Kit) -> Site:
    text = '{"items":[{"title":"x","_links":{"edit":{"href":"{path}"}}}]}'
    home = f'{WELCOME}<p id="n"></p><script>fetch("/api/items").then(r=>r.json()).then(d=>n.textContent=d.items.length)</script>'
    return beside(kit, "/api/items", text, "application/json", home=home)


@RESPONSES.case("The well-known address for changing a password")
def change_password(kit: Kit) -> Site:
    form = kit.form()
    return site(WELCOME, form, pages={"/.well-known/change-password": away(form.path)})


@RESPONSES.case("A page that says 404 and still has links")
def links_of_404(kit: Kit) -> Site:
    form = kit.form()
    lost = Answer(status=404, body=f"<h1>Not found</h1>{kit.link(form)}")
    return site('<a href="/gone">Go</a>', form, pages={"/gone": lost})


@RESPONSES.case("A page in XHTML, and one in a character set that only the header names")
def other_types(kit: Kit) -> Site:
    one, two = kit.form(), kit.form()
    fields = "".join(f'<label>{field.label} <input type="text" name="{field.name}" /></label>' for field in one.fields)
    body = f'<form action="/save" method="post">{fields}<button>{one.submit}</button></form>'
    xhtml = f'<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>X</title></head><body>{body}</body></html>'
    text = f"<!doctype html><title>L</title>{two.html}"
    encoding = "iso-8859-2" if kit.language.code == "pl" else "shift_jis" if kit.language.code == "ja" else "windows-1252"
    pages: dict[str, Page] = {
        one.path: Answer(body=xhtml, type="application/xhtml+xml"),
        two.path: Answer(body=text.encode(encoding, "xmlcharrefreplace"), type=f"text/html; charset={encoding}"),
    }
    return Site(pages={"/": kit.link(one) + kit.link(two), **pages}, forms=(at(one), at(two)))
