"""Controls and addresses that change something: never pressed, never opened, told from harmless ones that sound alike."""

from typing import Any

from tests.support.playground.cases import Ask, Group, Page, Site, at, away, form, here, site, told
from tests.support.playground.kit import Kit

CONTROLS = Group("hazard-controls")


def beside(kit: Kit, markup: str, *harmful: str, **more: Any) -> Site:
    """Return a site with a form and a control that must not be used: `harmful` are the requests that it would send."""
    one = kit.form()
    return site(f"{markup}{kit.link(one)}", one, harmful=harmful, **more)


@CONTROLS.case("A sign-out that is a plain link, in four languages")
def sign_out_links(kit: Kit) -> Site:
    words = (("Sign out", "/a1"), ("Abmelden", "/a2"), ("Se déconnecter", "/a3"), ("ログアウト", "/a4"), ("Log out of this device", "/a5"))
    return beside(kit, "".join(f'<a href="{path}">{word}</a> ' for word, path in words), "GET /a?")


@CONTROLS.case("A sign-out whose words say nothing, its address does")
def sign_out_address(kit: Kit) -> Site:
    return beside(
        kit,
        '<a href="/logout"><img src="/i.png" alt=""></a> <a href="/users/sign_out?next=/">Ada</a>',
        "GET /logout*",
        "GET /users/sign_out*",
    )


@CONTROLS.case("Deleting by a plain link")
def delete_link(kit: Kit) -> Site:
    return beside(
        kit,
        '<a href="/items/3/delete">Delete</a> <a href="/items/3/remove">✕</a> <a href="/items/4?do=destroy">Löschen</a>',
        "GET /items/*",
    )


@CONTROLS.case("Deleting by a link whose query alone says so")
def delete_query(kit: Kit) -> Site:
    return beside(
        kit,
        '<a href="/admin?action=delete&id=3" title="x">🗑</a> <a href="/admin?cmd=truncate">Tidy</a>',
        "GET /admin?action=delete*",
        "GET /admin?cmd=*",
    )


@CONTROLS.case("Links that are sent as other methods: data-method")
def data_method(kit: Kit) -> Site:
    script = """<script>document.addEventListener('click', e => { const a = e.target.closest('[data-method]'); if (!a) return; e.preventDefault();
      fetch(a.href, {method: a.dataset.method.toUpperCase()}) })</script>"""
    return beside(
        kit,
        f'<a href="/items/3" data-method="delete" rel="nofollow">Item 3</a> <a href="/items/4/lock" data-method="put">Item 4</a>{script}',
        "DELETE *",
        "PUT *",
    )


@CONTROLS.case("hx-delete and hx-post on plain buttons")
def htmx(kit: Kit) -> Site:
    script = """<script>document.addEventListener('click', e => { for (const m of ['delete', 'post', 'put']) { const u = e.target.getAttribute('hx-' + m);
      if (u) fetch(u, {method: m.toUpperCase()}) } })</script>"""
    return beside(kit, f'<button hx-delete="/rows/3">Row 3</button><button hx-post="/rows/3/touch">Row 4</button>{script}', "DELETE *")


@CONTROLS.case("A button that deletes by fetch, after a confirm")
def delete_button(kit: Kit) -> Site:
    control = "<button onclick=\"confirm('Sure?') && fetch('/items/3', {method: 'DELETE'})\">Delete</button>"
    return beside(kit, control, "DELETE *")


@CONTROLS.case("A bin without a word")
def bin_icon(kit: Kit) -> Site:
    icon = '<svg width="16" height="16" class="icon-trash"><path d="M3 6h18M8 6v14h8V6"/></svg>'
    return beside(kit, f"<button onclick=\"fetch('/items/3', {{method: 'DELETE'}})\">{icon}</button>", "DELETE *")


@CONTROLS.case("A deletion in two presses: the dialog's button says only Yes")
def confirm_dialog(kit: Kit) -> Site:
    dialog = "<dialog id=d><p>Empty the archive?</p><button onclick=\"fetch('/archive', {method: 'DELETE'})\">Yes</button><button onclick=d.close()>No</button></dialog>"
    return beside(kit, f'<button onclick="d.showModal()">Archive…</button>{dialog}', "DELETE *")


@CONTROLS.case("GET links that act: unsubscribe, activate, approve, empty the basket, mark as read")
def acting_links(kit: Kit) -> Site:
    acts = ("unsubscribe", "activate", "approve", "cart/empty", "mark-all-read", "vote/up", "follow")
    return beside(
        kit, "".join(f'<a href="/do/{act}?id=3">{act.split("/")[-1].replace("-", " ").capitalize()}</a> ' for act in acts), "GET /do/*"
    )


@CONTROLS.case("Confirmation and reset links with a token")
def token_links(kit: Kit) -> Site:
    return beside(
        kit,
        '<a href="/confirm/8f14e45fceea167a">Confirm your address</a> <a href="/reset-all?token=c4ca4238a0b9">Reset everything</a>',
        "GET /confirm/*",
        "GET /reset-all*",
    )


@CONTROLS.case("Addresses in a comment, a script and robots.txt that act: skipped and listed")
def hidden_actions(kit: Kit) -> Site:

    markup = '<!-- <a href="/admin/purge">x</a> --><script>const u = "/admin/delete-all"</script>'
    pages: dict[str, Page] = {"/robots.txt": told("User-agent: *\nDisallow: /logout\nDisallow: /admin/reset\n", "text/plain")}
    one = kit.form()
    harmful = ("GET /admin/*", "GET /logout*")
    return site(f"{markup}{kit.link(one)}", one, pages=pages, harmful=harmful, skipped=("/admin/delete-all",))


@CONTROLS.case("A page whose address has such a word and whose link is harmless")
def harmless_address(kit: Kit) -> Site:
    one, two = kit.forms(2)
    home = '<a href="/help/how-to-delete-a-page">How do I delete a page?</a> <a href="/deleted-items">Deleted items</a>'
    return Site(
        pages={"/": home, "/help/how-to-delete-a-page": one.html, "/deleted-items": two.html},
        forms=(at(one, "/help/how-to-delete-a-page"), at(two, "/deleted-items")),
    )


@CONTROLS.case("An application that lives below /logout-service/: the words of the page's own address judge nothing")
def unlucky_base(kit: Kit) -> Site:
    one = kit.form()
    pages: dict[str, Page] = {"/delete-service/": f'<a href="form">{one.topic}</a>', "/delete-service/form": one.html}
    return Site(pages=pages, forms=(at(one, "/delete-service/form"),), start="/delete-service/")


@CONTROLS.case("A page that asks whether to delete is a form page: opened by a link, sent by nobody")
def delete_page(kit: Kit) -> Site:
    page = '<h1>Delete item 3</h1><form method="post"><label>Why? <input name="reason"></label><button>Yes, delete</button></form>'
    truth = (form("reason=Why?", where="/items/{id}/delete", optional=True),)
    return site('<a href="/items/3/delete">Delete…</a>', pages={"/items/3/delete": page}, also=truth, harmful=("POST *",))


@CONTROLS.case("Menus that mix screens with wizards one press from a change")
def mixed_menu(kit: Kit) -> Site:
    one = kit.form()
    entries = f"""<a role="menuitem" href="{one.path}">{one.topic}</a><button role="menuitem" onclick="fetch('/rebuild', {{method: 'POST'}})">Rebuild index</button>
      <button role="menuitem" onclick="fetch('/restart', {{method: 'POST'}})">Restart</button>"""
    return site(
        f'<button aria-haspopup="menu" onclick="m.hidden=!m.hidden">System</button><div role="menu" id="m" hidden>{entries}</div>',
        one,
        harmful=("POST /restart", "POST /rebuild"),
    )


@CONTROLS.case("Paying, ordering, sending, publishing")
def spending(kit: Kit) -> Site:
    acts = ("Pay now", "Place order", "Send to all members", "Publish", "Jetzt kaufen", "Unterschreiben")
    buttons = "".join(f"<button onclick=\"fetch('/act/{n}', {{method: 'POST'}})\">{act}</button>" for n, act in enumerate(acts))
    return beside(kit, buttons, "POST /act/*")


@CONTROLS.case("A form whose button deletes is found and not sent, in submit mode either")
def delete_form(kit: Kit) -> Site:
    body = '<form action="/wipe" method="post"><label>Type the name of the project <input name="confirm"></label><button class="danger">Delete this project</button></form>'
    return here(body, also=(form("confirm=Type the name of the project"),), harmful=("POST /wipe",))


@CONTROLS.case("Other origins: links, a form's target and a redirect that lead away")
def other_origins(kit: Kit) -> Site:

    away_form = '<form action="{other}/take" method="post"><label>Code <input name="code"></label><button>Go</button></form>'
    home = f'<a href="{{other}}/page">Partner</a> <a href="/out">Out</a> <a href="mailto:a@b.example">Mail</a> <a href="tel:123">Call</a>{away_form}'
    pages: dict[str, Page] = {"/out": away("{other}/landing"), "other:/*": "<h1>Elsewhere</h1>"}
    return here(home, also=(form("code=Code"),), pages=pages, harmful=("GET other:/page*", "GET other:/landing*", "POST other:*"))


@CONTROLS.case("Production: what a page sends by itself when opened is refused, too")
def production(kit: Kit) -> Site:
    one = kit.form()
    home = f"{kit.link(one)}<script>fetch('/track', {{method: 'POST', body: '{{}}'}})</script>"
    return site(home, one, environment="production", harmful=("POST *",), modes=("observe",))


@CONTROLS.case("A toggle that saves at once: a switch that POSTs")
def saving_switch(kit: Kit) -> Site:
    control = "<button role=switch aria-checked=false onclick=\"fetch('/settings/alarm', {method: 'PUT'})\">Alarm</button>"
    built = beside(kit, control)
    built.held = ()
    return built


@CONTROLS.case("Counting what arrives: the home page shows how often it was changed")
def counter(kit: Kit) -> Site:
    def bump(ask: Ask) -> str:
        ask.memory["n"] = ask.memory.get("n", 0) + 1
        return f"<h1>{ask.memory['n']}</h1>"

    return beside(
        kit, "<form action=/count><button name=op value=add>+1</button></form>", pages={"/count": bump}, at_most={"GET /count*": 4}
    )
