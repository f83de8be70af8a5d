"""Near-duplicates: what is one form at many places, and what are many forms at one kind of place."""

from tests.support.playground.cases import Ask, Group, Page, Site, at, form, site
from tests.support.playground.kit import Kit

ALIKE = Group("alike")

SEARCH = (
    '<header><form role="search" action="/find"><input type="search" name="q" aria-label="Search"><button>Find</button></form></header>'
)


@ALIKE.case("Create, edit and copy are one form at three kinds of address")
def create_edit_copy(kit: Kit) -> Site:
    one = kit.form(4)
    rows = "".join(f'<li><a href="/items/{n}/edit">Edit {n}</a> <a href="/items/{n}/copy">Copy {n}</a></li>' for n in range(1, 9))
    return site(
        f'<a href="/items/new">New</a><ul>{rows}</ul>',
        pages={"/items/*": one.html},
        also=(at(one, "/items/new", "/items/{id}/edit", "/items/{id}/copy"),),
        most_visits=16,
    )


@ALIKE.case("One kind of address, another form for each kind of record: the seventh of twelve differs")
def kinds_of_records(kit: Kit) -> Site:
    common, rare = kit.forms(2, 3)
    rows = "".join(f'<a href="/records/{n}">Record {n}</a> ' for n in range(1, 13))

    def record(ask: Ask) -> str:
        return rare.html if ask.path.endswith("/7") else common.html

    forms = (at(common, "/records/{id}"), at(rare, "/records/{id}"))
    return Site(pages={"/": rows, "/records/*": record}, forms=forms, most_visits=13)


@ALIKE.case("Each of the first eight records shows another form: the budget grows")
def growing_budget(kit: Kit) -> Site:
    forms = kit.forms(6)
    rows = "".join(f'<a href="/records/{n}">Record {n}</a> ' for n in range(1, 30))

    def record(ask: Ask) -> str:
        number = int(ask.path.rsplit("/", 1)[1])
        return forms[min(number, 6) - 1].html

    return Site(pages={"/": rows, "/records/*": record}, forms=tuple(at(one, "/records/{id}") for one in forms), most_visits=20)


@ALIKE.case("Extra fields that depend on the record are the same form")
def record_extras(kit: Kit) -> Site:
    one = kit.form(8)
    rows = "".join(f'<a href="/items/{n}">Item {n}</a> ' for n in range(1, 5))

    def item(ask: Ask) -> str:
        extra = '<p><label>Extra <input name="extra"></label></p>' if ask.path.endswith("/2") else ""
        return one.html.replace("<button>", f"{extra}<button>")

    return Site(pages={"/": rows, "/items/*": item}, forms=(at(one, "/items/{id}"),))


@ALIKE.case("The search in the header of every page is one form")
def shared_search(kit: Kit) -> Site:
    forms = kit.forms(3)
    pages: dict[str, Page] = {one.path: SEARCH + one.html for one in forms}
    home = SEARCH + "".join(map(kit.link, forms))
    return Site(pages={"/": home, "/find": SEARCH + "<p>No results</p>", **pages}, forms=(form("q=Search", where="*"), *map(at, forms)))


@ALIKE.case("Two search boxes of one name on a page are two forms")
def two_searches(kit: Kit) -> Site:
    other = '<form action="/parts"><label>Find a part <input name="q"></label><button>Go</button></form>'
    truth = (form("q=Search"), form("q=Find a part"))
    return Site(pages={"/": SEARCH + other, "/find": "<p>None</p>", "/parts": "<p>None</p>"}, forms=truth)


@ALIKE.case("A newsletter in the footer of every page is one form, and not the page's own")
def footer_newsletter(kit: Kit) -> Site:
    forms = kit.forms(2)
    footer = '<footer><form action="/news" method="post"><label>Your mail <input type="email" name="mail"></label><button>Subscribe</button></form></footer>'
    home = "".join(map(kit.link, forms)) + footer
    return Site(
        pages={"/": home, **{one.path: one.html + footer for one in forms}}, forms=(form("mail=Your mail", where="*"), *map(at, forms))
    )


@ALIKE.case("Two tiny forms of the same fields that are sent to different places are two")
def tiny_twins(kit: Kit) -> Site:
    pages: dict[str, Page] = {
        f"/{name}": f'<h1>{name}</h1><form action="/{name}/save" method="post"><label>Name <input name="name"></label><button>Save {name}</button></form>'
        for name in ("rooms", "tools")
    }
    links = "".join(f'<a href="/{name}">{name}</a> ' for name in ("rooms", "tools"))
    return site(links, pages=pages, also=(form("name=Name", where="/rooms"), form("name=Name", where="/tools")))


@ALIKE.case("The same form in two languages is one")
def two_languages(kit: Kit) -> Site:
    def page(labels: tuple[str, str], button: str) -> str:
        return f'<form action="/save" method="post"><label>{labels[0]} <input name="given"></label><label>{labels[1]} <input name="town"></label><label>Fax <input name="fax"></label><button>{button}</button></form>'

    pages: dict[str, Page] = {"/en/contact": page(("Given name", "Town"), "Save"), "/de/contact": page(("Vorname", "Ort"), "Speichern")}
    truth = (form("given=Given name", "town=Town", "fax=Fax", where="/{lang}/contact"),)
    return site('<a hreflang="en" href="/en/contact">English</a> <a hreflang="de" href="/de/contact">Deutsch</a>', pages=pages, also=truth)


@ALIKE.case("The same page by other addresses: slash, capitals, order of the query, campaign words")
def same_page(kit: Kit) -> Site:
    one = kit.form(3)
    ways = (
        "/contact",
        "/contact/",
        "/contact?a=1&b=2",
        "/contact?b=2&a=1",
        "/contact?utm_source=x",
        "/contact?utm_source=y&fbclid=9",
        "/contact#top",
    )
    links = "".join(f'<a href="{way.replace("&", "&amp;")}">Way {n}</a> ' for n, way in enumerate(ways))
    return Site(pages={"/": links, "/contact": one.html, "/contact/": one.html}, forms=(at(one, "/contact"),), most_visits=7)


@ALIKE.case("A list sorted by five columns, in both directions, is one page; its filter one form")
def sort_links(kit: Kit) -> Site:
    columns = ("name", "size", "kind", "owner", "age")
    links = "".join(f'<a href="/?sort={column}&amp;dir={way}">{column} {way}</a> ' for column in columns for way in ("up", "down"))
    home = f'<form action="/"><label>Words <input name="words"></label><label>Place <input name="place"></label><button>Filter</button></form>{links}'
    return Site(pages={"/": home}, forms=(form("words=Words", "place=Place"),), most_visits=8)


@ALIKE.case("Pages that print, in parts or in a frame, show the same form once")
def print_view(kit: Kit) -> Site:
    one = kit.form(3)
    pages: dict[str, Page] = {one.path: f'{one.html}<a href="{one.path}?print=1">Print</a> <a href="{one.path}?embed=true">Embed</a>'}
    return Site(pages={"/": kit.link(one), **pages}, forms=(at(one),))


@ALIKE.case("A link that opens, when scripts run, as a dialog the form that its page has, too")
def link_as_dialog(kit: Kit) -> Site:
    one = kit.form(3)
    script = "document.querySelector('a').onclick = async e => { e.preventDefault(); d.innerHTML = await (await fetch(e.target.href)).text(); d.showModal() }"
    home = f'<a href="{one.path}">{one.topic}</a><dialog id="d"></dialog><script>{script}</script>'
    return site(home, pages={one.path: one.html}, also=(at(one, "/", one.path),))
