"""What lies over a page when it is first opened: consent walls, tours, licences, offers."""

from tests.support.playground.cases import Group, Page, Site, at, here, site
from tests.support.playground.kit import Kit

OVERLAYS = Group("overlays")

WALL = '<div id="w" style="position:fixed;inset:0;background:#000a;z-index:99"><div role="dialog" aria-modal="true" aria-label="{0}" style="background:#fff;margin:20vh auto;width:400px;padding:20px">{1}</div></div>'


def covered(kit: Kit, title: str, inside: str) -> Site:
    """Return a page whose button cannot be hit before what lies over it is closed."""
    one = kit.form()
    control = kit.button("onclick=make()")
    return here(
        f"{control}<div id=box></div>{WALL.format(title, inside)}<script>const make = () => {{ box.innerHTML = {one.html!r} }}</script>",
        one,
    )


@OVERLAYS.case("A consent wall: rejected, never accepted")
def consent(kit: Kit) -> Site:
    inside = '<p>We value your privacy.</p><button onclick="fetch(\'/accepted\')">Accept all</button><button onclick="w.remove()">Reject all</button>'
    built = covered(kit, "Cookies", inside)
    built.harmful = ("GET /accepted*",)
    return built


@OVERLAYS.case("A consent wall whose only other way is two presses off")
def consent_two_steps(kit: Kit) -> Site:
    inside = '<p>Cookies</p><button onclick="fetch(\'/accepted\')">Agree</button><button onclick="m.hidden=false">Preferences</button><div id="m" hidden><label><input type="checkbox" name="ads"> Ads</label><button onclick="w.remove()">Save choices</button></div>'
    built = covered(kit, "Cookies", inside)
    built.harmful = ("GET /accepted*",)
    return built


@OVERLAYS.case("A banner at the foot that covers the control below it")
def banner(kit: Kit) -> Site:
    one = kit.form()
    foot = '<div id="w" style="position:fixed;bottom:0;left:0;right:0;height:300px;background:#eee;z-index:9">Cookies <button onclick="w.remove()">Decline</button></div>'
    control = '<button onclick="box.hidden=false" style="position:absolute;top:800px">Open</button>'
    return here(f'{control}<div id="box" hidden style="margin-top:1200px">{one.html}</div>{foot}', one)


@OVERLAYS.case("A tour in four steps")
def tour(kit: Kit) -> Site:
    return covered(
        kit,
        "Tour",
        '<p id="t">Step 1 of 4</p><button onclick="n++; t.textContent = `Step ${n} of 4`; if (n > 4) w.remove()">Next</button><button onclick="w.remove()">Skip</button><script>let n = 1</script>',
    )


@OVERLAYS.case("A licence to agree to before anything works")
def licence(kit: Kit) -> Site:
    return covered(
        kit,
        "Licence",
        '<p>Terms …</p><label><input type="checkbox" onchange="g.disabled=!this.checked"> I agree</label><button id="g" disabled onclick="w.remove()">Continue</button>',
    )


@OVERLAYS.case("A newsletter offer that comes after two seconds, with a cross")
def offer(kit: Kit) -> Site:
    one, two = kit.forms(2)
    inside = WALL.format("Offer", f'<button aria-label="Close" onclick="w.remove()">×</button>{two.html}')
    script = f"setTimeout(() => document.body.insertAdjacentHTML('beforeend', {inside!r}), 2000)"
    home = (
        f"{kit.button('onclick=make()')}<div id=box></div><script>const make = () => {{ box.innerHTML = {one.html!r} }}; {script}</script>"
    )
    return Site(pages={"/": home}, forms=(at(one, "/"), at(two, "/", optional=True)))


@OVERLAYS.case("A first-use dialog on every page, until it is closed once")
def first_use(kit: Kit) -> Site:
    one, two = kit.forms(2)
    wall = (
        WALL.format("Welcome", '<h2>Welcome!</h2><button onclick="localStorage.seen=1;w.remove()">Get started</button>')
        + "<script>if (localStorage.seen) w.remove()</script>"
    )
    pages: dict[str, Page] = {one.path: f'<button onclick="box.hidden=false">Open</button><div id=box hidden>{one.html}</div>{wall}'}
    return site(f"{kit.link(one)}{kit.link(two)}{wall}", two, pages=pages, also=(at(one),))
