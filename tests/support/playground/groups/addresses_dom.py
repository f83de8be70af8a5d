"""Addresses in the DOM: every attribute, comment and text that names a page."""

import itertools

from tests.support.playground.cases import Answer, Group, Site, at, here, site
from tests.support.playground.html import Form
from tests.support.playground.kit import Kit

DOM = Group("dom")


def only(kit: Kit, home: str) -> Site:
    """Return a site with one form, whose page the markup of the first page names by `{path}`, and its topic by `{topic}`."""
    form = kit.form()
    return site(home.replace("{path}", form.path).replace("{topic}", form.topic), form)


def framed(kit: Kit, markup: str) -> Site:
    """Return a site whose first page shows another page in a frame that `markup` makes of `{path}`: the form stands on both."""
    form = kit.form()
    return Site(pages={"/": markup.replace("{path}", form.path), form.path: form.html}, forms=(at(form, "/", form.path),))


@DOM.case("A plain link")
def link(kit: Kit) -> Site:
    form = kit.form()
    return site(kit.link(form), form)


@DOM.case("A link relative to a base element")
def base(kit: Kit) -> Site:
    form = kit.form()
    return Site(
        pages={"/": '<base href="/deep/inside/"><a href="page">Go</a>', "/deep/inside/page": form.html},
        forms=(at(form, "/deep/inside/page"),),
    )


@DOM.case("A link with dots, spaces, capitals in the scheme and an entity")
def odd_href(kit: Kit) -> Site:
    one, two, three = kit.forms(3)
    home = f'<a href="  a/../.{one.path}\n">1</a> <a href="HTTP://127.0.0.1:{{port}}{two.path}">2</a> <a href="/q?a=1&amp;b=2">3</a>'
    return site(home, one, two, pages={"/q": three.html}, also=(at(three, "/q"),))


@DOM.case("A link without scheme, and one that is percent-encoded")
def protocol_relative(kit: Kit) -> Site:
    one, two = kit.forms(2)
    home = f'<a href="//127.0.0.1:{{port}}{one.path}">1</a> <a href="/stra%C3%9Fe">2</a>'
    return site(home, one, pages={"/straße": two.html}, also=(at(two, "/stra%C3%9Fe", "/straße"),))


@DOM.case("The area of an image map")
def area(kit: Kit) -> Site:
    shape = '<area shape="rect" coords="0,0,90,90" href="{path}" alt="{topic}">'
    return only(kit, f'<img usemap="#m" width="90" height="90" alt=""><map name="m">{shape}</map>')


@DOM.case("A link in SVG, by href and by xlink:href")
def svg_link(kit: Kit) -> Site:
    one, two = kit.forms(2)
    text = '<a {0}="{1}"><rect width="80" height="30" y="{2}" fill="teal"/></a>'
    return site(f'<svg width="90" height="90">{text.format("href", one.path, 0)}{text.format("xlink:href", two.path, 40)}</svg>', one, two)


@DOM.case("A link that styles hide")
def hidden_link(kit: Kit) -> Site:
    return only(kit, '<div style="display:none"><a href="{path}">{topic}</a></div><p>Welcome</p>')


@DOM.case("A link marked nofollow that opens a new tab")
def nofollow_blank(kit: Kit) -> Site:
    return only(kit, '<a rel="nofollow noopener" target="_blank" href="{path}">{topic}</a>')


@DOM.case("An inline frame on the same origin")
def iframe(kit: Kit) -> Site:
    return framed(kit, '<h1>Desk</h1><iframe src="{path}" width="400" height="300"></iframe>')


@DOM.case("A lazy inline frame far below")
def lazy_iframe(kit: Kit) -> Site:
    return framed(kit, '<div style="height:9000px">Scroll</div><iframe loading="lazy" src="{path}" width="400" height="300"></iframe>')


@DOM.case("An inline frame's srcdoc with a form")
def srcdoc_form(kit: Kit) -> Site:
    form = kit.form()
    return here(f"<iframe width=500 height=300 srcdoc='{form.html.replace(chr(39), '&#39;')}'></iframe>", form)


@DOM.case("An inline frame's srcdoc with a link")
def srcdoc_link(kit: Kit) -> Site:
    return only(kit, "<iframe srcdoc='<a target=_top href=\"{path}\">{topic}</a>'></iframe>")


@DOM.case("A frameset")
def frameset(kit: Kit) -> Site:
    one, two = kit.forms(2)
    frames = f'<frameset cols="30%,70%"><frame src="/menu"><frame name="main" src="{one.path}"></frameset>'
    home = f"<!doctype html><html><head><title>Old</title></head>{frames}</html>"
    menu = f'<a target="main" href="{two.path}">{two.topic}</a>'
    forms = (at(one, "/", one.path), at(two, "/", two.path))
    return Site(pages={"/": home, "/menu": menu, one.path: one.html, two.path: two.html}, forms=forms)


@DOM.case("The address of an object and of an embed element")
def embedded(kit: Kit) -> Site:
    one, two = kit.forms(2)
    size = 'type="text/html" width="400" height="200"'
    home = f'<object data="{one.path}" {size}></object><embed src="{two.path}" {size}>'
    forms = (at(one, "/", one.path), at(two, "/", two.path))
    return Site(pages={"/": home, one.path: one.html, two.path: two.html}, forms=forms)


@DOM.case("Meta refresh")
def meta_refresh(kit: Kit) -> Site:
    return only(kit, '<meta http-equiv="refresh" content="0; url={path}"><p>Moved</p>')


@DOM.case("Meta refresh in ten minutes")
def meta_refresh_late(kit: Kit) -> Site:
    return only(kit, '<meta http-equiv="refresh" content="600;URL=\'{path}\'"><p>Board</p>')


@DOM.case("An address in a comment")
def comment(kit: Kit) -> Site:
    return only(kit, '<p>Welcome</p><!-- old menu: <a href="{path}">{topic}</a> -->')


@DOM.case("Text that is an address, not a link")
def text_address(kit: Kit) -> Site:
    return only(kit, "<p>Write to us at {base}{path}.</p>")


@DOM.case("Text that is a path")
def text_path(kit: Kit) -> Site:
    return only(kit, "<table><tr><td>{topic}</td><td><code>{path}</code></td></tr></table>")


@DOM.case("link elements: next, help, alternate, search")
def link_elements(kit: Kit) -> Site:
    forms = kit.forms(3)
    rels = ("next", "help", "alternate")
    head = "".join(f'<link rel="{rel}" href="{form.path}">' for rel, form in zip(rels, forms, strict=True))
    return site(f"{head}<p>Welcome</p>", *forms)


@DOM.case("The cite of a quotation, longdesc of a picture")
def cite(kit: Kit) -> Site:
    one, two = kit.forms(2)
    return site(f'<blockquote cite="{one.path}">“…”</blockquote><img src="/a.png" alt="" longdesc="{two.path}">', one, two)


@DOM.case("A link in noscript")
def noscript(kit: Kit) -> Site:
    return only(kit, '<p>Welcome</p><noscript><a href="{path}">{topic}</a></noscript>')


@DOM.case("A link in a template element")
def template(kit: Kit) -> Site:
    return only(kit, '<p>Welcome</p><template id="row"><a href="{path}">{topic}</a></template>')


@DOM.case("Addresses in data attributes: data-href, data-url, hx-get")
def data_attributes(kit: Kit) -> Site:
    forms = kit.forms(3)
    names = ("data-href", "data-url", "hx-get")
    rows = "".join(f'<div {name}="{form.path}">{form.topic}</div>' for name, form in zip(names, forms, strict=True))
    return site(rows, *forms)


@DOM.case("A handler in an attribute that names an address")
def onclick_location(kit: Kit) -> Site:
    return only(kit, "<table><tr onclick=\"location.href='{path}'\"><td>{topic}</td><td>12</td></tr></table>")


@DOM.case("The target of a GET form without fields")
def get_form_target(kit: Kit) -> Site:
    return only(kit, '<form action="{path}"><button>{topic}</button></form>')


@DOM.case("The formaction of a button in a GET form")
def formaction(kit: Kit) -> Site:
    return only(kit, '<form action="/nowhere"><button formaction="{path}">{topic}</button></form>')


@DOM.case("Speculation rules")
def speculation(kit: Kit) -> Site:
    rules = '<script type="speculationrules">{"prefetch":[{"source":"list","urls":["{path}"]}]}</script>'
    return only(kit, f"<p>Welcome</p>{rules}")


@DOM.case("Linked data in JSON")
def linked_data(kit: Kit) -> Site:
    data = '{"@type":"WebSite","potentialAction":{"@type":"ContactPage","url":"{base}{path}"}}'
    return only(kit, f'<p>Welcome</p><script type="application/ld+json">{data}</script>')


@DOM.case("A feed that a link element names")
def feed(kit: Kit) -> Site:
    form = kit.form()
    xml = f"<rss><channel><item><link>{{base}}{form.path}</link></item></channel></rss>"
    home = '<link rel="alternate" type="application/rss+xml" href="/feed.xml"><p>News</p>'
    return site(home, form, pages={"/feed.xml": Answer(body=xml, type="application/rss+xml")})


@DOM.case("A link in an open shadow root")
def shadow_link(kit: Kit) -> Site:
    return only(kit, '<x-a><template shadowrootmode="open"><a href="{path}">{topic}</a></template></x-a>')


@DOM.case("A link in a closed shadow root")
def closed_shadow_link(kit: Kit) -> Site:
    return only(kit, '<x-a><template shadowrootmode="closed"><a href="{path}">{topic}</a></template></x-a>')


@DOM.case("A form in a frame of another origin, and a link in it that leads back")
def other_origin_frame(kit: Kit) -> Site:
    one, two = kit.forms(2)
    inside = f'{one.html}<a target="_top" href="{{base}}{two.path}">{two.topic}</a>'
    home = '<iframe src="{other}/part" width="500" height="400"></iframe>'
    return site(home, two, pages={"other:/part": inside, "/part": "<p>Only inside.</p>"}, also=(at(one, "/"),))


@DOM.case("A chain of twelve links to the form's page")
def deep_chain(kit: Kit) -> Site:
    form: Form = kit.form()
    words = ("hall", "stairs", "attic", "roof", "tower", "bell", "rope", "well", "cave", "lake", "shore")
    pages = {f"/{word}": f'<h1>{word}</h1><a href="/{after}">On</a>' for word, after in itertools.pairwise(words)}
    return site('<a href="/hall">On</a>', form, pages={**pages, "/shore": kit.link(form)})
