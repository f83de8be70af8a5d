"""Fields of every kind, native and drawn: how each is to be read as one field with its label."""

from tests.support.playground.cases import Group, Site, form, here
from tests.support.playground.kit import Kit

WIDGETS = Group("widgets")

NAME = '<label>Name <input name="name"></label>'


def with_name(inner: str, *fields: str, script: str = "", exact: bool = True) -> Site:
    """Return a form with a name and what `inner` shows, which is the given fields."""
    home = f'<form action="/save" method="post">{NAME}{inner}<button>Save</button></form><script>{script}</script>'
    return here(home, also=(form("name=Name", *fields, exact=exact),))


@WIDGETS.case("Every native type")
def native(kit: Kit) -> Site:
    types = (
        "email",
        "url",
        "tel",
        "number",
        "date",
        "time",
        "datetime-local",
        "month",
        "week",
        "color",
        "range",
        "file",
        "password",
        "search",
    )
    inputs = "".join(f'<p><label for="{one}">The {one}</label><input type="{one}" id="{one}" name="{one}"></p>' for one in types)
    rest = '<p><label>Notes <textarea name="notes"></textarea></label></p><p><label>Many <select multiple name="many"><option>a<option>b</select></label></p>'
    return with_name(inputs + rest, *(f"{one}:{one}=The {one}" for one in types), "notes:textarea=Notes", "many=Many")


@WIDGETS.case("A group of check boxes and a group of radio buttons are one field each")
def groups(kit: Kit) -> Site:
    boxes = "".join(
        f'<label><input type="checkbox" name="days[]" value="{n}"> {day}</label>' for n, day in enumerate(("Mon", "Tue", "Wed"))
    )
    radios = "".join(f'<label><input type="radio" name="size" value="{size}"> {size}</label>' for size in "SML")
    return with_name(
        f"<fieldset><legend>Days</legend>{boxes}</fieldset><fieldset><legend>Size</legend>{radios}</fieldset>", "days=Days", "size=Size"
    )


@WIDGETS.case("A matrix of permissions is few fields, not forty")
def matrix(kit: Kit) -> Site:
    acts = ("read", "write")
    rows = "".join(
        f"<tr><th>{thing}</th>" + "".join(f'<td><input type="checkbox" name="can[]" value="{thing}.{act}"></td>' for act in acts) + "</tr>"
        for thing in ("Pages", "Files", "Users", "Rooms", "Tasks")
    )
    return with_name(f"<table><caption>Permissions</caption><tr><th></th><th>Read</th><th>Write</th></tr>{rows}</table>", "can=Permissions")


@WIDGETS.case("An ARIA combobox")
def combobox(kit: Kit) -> Site:
    box = '<span id="l">Country</span><input role="combobox" aria-labelledby="l" aria-expanded="false" aria-controls="o" autocomplete="off"><ul role="listbox" id="o" hidden><li role="option">Chad</li></ul>'
    return with_name(box, ":combobox=Country")


@WIDGETS.case("A combobox made of a div")
def combobox_div(kit: Kit) -> Site:
    box = '<div id="l">Country</div><div role="combobox" tabindex="0" aria-labelledby="l" aria-expanded="false">Choose…</div>'
    return with_name(box, ":combobox=Country")


@WIDGETS.case("An ARIA listbox that stands open")
def listbox(kit: Kit) -> Site:
    box = '<div role="listbox" tabindex="0" aria-label="Colour"><div role="option" aria-selected="true">Red</div><div role="option">Blue</div></div>'
    return with_name(box, ":listbox=Colour")


@WIDGETS.case("Slider, switch, spin button, rating of stars")
def ranges(kit: Kit) -> Site:
    stars = "".join(
        f'<span role="radio" aria-checked="false" tabindex="{-1 if n else 0}" aria-label="{n + 1} stars">☆</span>' for n in range(5)
    )
    home = f"""<div role="slider" tabindex="0" aria-label="Volume" aria-valuenow="3" aria-valuemin="0" aria-valuemax="9" style="width:99px;height:9px"></div>
      <button type="button" role="switch" aria-checked="false" aria-label="Alarm">off</button>
      <div role="spinbutton" tabindex="0" aria-label="Count" aria-valuenow="1">1</div><div role="radiogroup" aria-label="Rating">{stars}</div>"""
    return with_name(home, ":slider=Volume", ":switch=Alarm", ":spinbutton=Count", ":radio=Rating")


@WIDGETS.case("contenteditable as a text box")
def editable(kit: Kit) -> Site:
    return with_name(
        '<div contenteditable="true" role="textbox" aria-multiline="true" aria-label="Story" style="min-height:40px"></div>', "=Story"
    )


@WIDGETS.case("A comment box that is contenteditable alone, with a send button")
def editable_alone(kit: Kit) -> Site:
    home = '<section><h2>Comments</h2><div contenteditable data-placeholder="Write a comment…" style="min-height:40px;border:1px solid"></div><button type="button">Send</button></section>'
    return here(home, also=(form("=Write a comment…", "=Comments", exact=False, optional=True), form("=Comments", exact=False)))


@WIDGETS.case("A rich-text editor in a frame over a hidden textarea is one field")
def editor_frame(kit: Kit) -> Site:
    frame = "<iframe title='Rich text' srcdoc='<body contenteditable=true></body>' width=400 height=99></iframe>"
    inner = f'<label for="b">Body</label><textarea id="b" name="body" style="display:none"></textarea><div class="editor"><div role="toolbar"><button type="button">B</button></div>{frame}</div>'
    return with_name(inner, "body=Body")


@WIDGETS.case("A code editor over a textarea of one pixel")
def code_editor(kit: Kit) -> Site:
    tiny = '<textarea aria-label="Editor content" style="width:1px;height:1px;opacity:0;position:absolute"></textarea>'
    inner = f'<div id="l">Query</div><div class="monaco-editor" aria-labelledby="l" style="height:80px;position:relative">{tiny}<div class="view-lines">select 1</div></div>'
    return with_name(inner, "=Query", exact=False)


@WIDGETS.case("A face over a hidden select is one field")
def select_face(kit: Kit) -> Site:
    select = '<select id="c" name="city" tabindex="-1" aria-hidden="true" style="position:absolute;width:1px;height:1px;clip:rect(0 0 0 0)"><option>Rome<option>Oslo</select>'
    face = '<span class="select2"><span role="combobox" tabindex="0" aria-expanded="false" aria-labelledby="cv"><span id="cv">Rome</span></span></span>'
    return with_name(f'<label for="c">City</label>{select}{face}', "city=City")


@WIDGETS.case("A picker without an input: a button and a hidden input")
def picker(kit: Kit) -> Site:
    inner = '<div class="field"><span>Day</span><input type="hidden" name="day"><button type="button" aria-haspopup="dialog" aria-label="Choose day">📅 no day chosen</button></div>'
    return with_name(inner, "day=Day", exact=False)


@WIDGETS.case("A date in three, a date and time in two")
def split_date(kit: Kit) -> Site:
    three = "".join(f'<input name="born_{part}" size="4" aria-label="{part}">' for part in ("day", "month", "year"))
    two = '<label for="at0">Starts</label><input id="at0" type="date" name="start_0"><input type="time" name="start_1">'
    inner = f"<fieldset><legend>Born</legend>{three}</fieldset><p>{two}</p>"
    return with_name(inner, "born_day=day", "born_month=month", "born_year=year", "start_0=Starts", "start_1=Starts")


@WIDGETS.case("A file drop zone over a hidden input, and one without an input")
def drop_zone(kit: Kit) -> Site:
    script = "z.ondragover = e => e.preventDefault(); z.ondrop = e => e.preventDefault()"
    one = '<div class="zone"><input type="file" name="scan" hidden id="s"><label for="s">Drop the scan here or browse</label></div>'
    two = '<div id="z" role="button" tabindex="0" aria-label="Photo">Drop the photo here</div>'
    return with_name(one + two, "scan:file=Drop the scan here or browse", "?:file=Photo", script=script)


@WIDGETS.case("Tags: words become chips")
def tags(kit: Kit) -> Site:
    inner = '<div class="field"><label for="t">Tags</label><div class="chips"><span class="chip">red <button type="button" aria-label="Remove red">×</button></span><input id="t" placeholder="Add…"></div><input type="hidden" name="tags" value="red"></div>'
    return with_name(inner, "=Tags")


@WIDGETS.case("Six boxes for one code")
def code_boxes(kit: Kit) -> Site:
    boxes = "".join(f'<input maxlength="1" inputmode="numeric" aria-label="Digit {n + 1}" size="1">' for n in range(6))
    return here(
        f'<form action="/save" method="post"><fieldset><legend>Code</legend>{boxes}</fieldset><button>Verify</button></form>',
        also=(form(*(f"=Digit {n + 1}" for n in range(6)), exact=False),),
    )


@WIDGETS.case("A number with minus and plus buttons")
def stepper(kit: Kit) -> Site:
    inner = '<div class="field"><span id="q">Places</span><button type="button" aria-label="Less">−</button><input aria-labelledby="q" name="places" value="1"><button type="button" aria-label="More">+</button></div>'
    return with_name(inner, "places=Places")


@WIDGETS.case("A range from … to")
def range_pair(kit: Kit) -> Site:
    inner = '<fieldset><legend>Price</legend><input name="from" aria-label="from" type="number"> to <input name="to" aria-label="to" type="number"></fieldset>'
    return with_name(inner, "from:number=from", "to:number=to")


@WIDGETS.case("Labels by layout alone: a heading above, a cell to the left")
def layout_labels(kit: Kit) -> Site:
    above = '<div class="cell"><div class="cap">Hull</div><div><input></div></div><div class="cell"><div class="cap">Mast</div><div><input></div></div>'
    left = "<table><tr><td>Sail</td><td><input></td></tr><tr><td>Keel</td><td><input></td></tr></table>"
    return here(f"<div class=pane>{above}{left}<button>Save</button></div>", also=(form("=Hull", "=Mast", "=Sail", "=Keel"),))


@WIDGETS.case("Placeholders and floating labels; “Select an item…” is no label")
def placeholders(kit: Kit) -> Site:
    floating = '<div class="float"><input id="m" name="mast" placeholder=" "><label for="m">Mast</label></div>'
    select = '<div class="cell"><div class="cap">Harbour</div><div role="combobox" tabindex="0" aria-expanded="false"><span class="ph">Select an item…</span></div></div>'
    return here(
        f'<form action="/save" method="post"><input name="hull" placeholder="Hull">{floating}{select}<button>Save</button></form>',
        also=(form("hull=Hull", "mast=Mast", ":combobox=Harbour"),),
    )


@WIDGETS.case("A honeypot, styled away, as first field")
def honeypot(kit: Kit) -> Site:
    trap = '<div style="position:absolute;left:-5000px" aria-hidden="true"><input name="website" tabindex="-1" autocomplete="off"></div>'
    home = f'<form action="/save" method="post">{trap}{NAME}<label>Mail <input name="mail"></label><button>Send</button></form>'
    return here(home, also=(form("name=Name", "mail=Mail"),))


@WIDGETS.case("One field a language is a field each, told apart")
def languages(kit: Kit) -> Site:
    inner = "".join(
        f'<p><label for="t_{code}">Title ({code})</label><input id="t_{code}" name="title[{code}]"></p>' for code in ("en", "de", "fr")
    )
    return with_name(inner, *(f"title[{code}]=Title ({code})" for code in ("en", "de", "fr")))


@WIDGETS.case("Names with ids of records and numbers that change with each load")
def random_names(kit: Kit) -> Site:
    script = "document.querySelectorAll('[data-n]').forEach(i => i.name = 'c_' + Math.random().toString(36).slice(2))"
    home = f'<form action="/save" method="post"><label>Hull <input data-n></label><label>Mast <input data-n></label><button>Save</button></form><script>{script}</script>'
    return here(home, also=(form("=Hull", "=Mast"),))


@WIDGETS.case("Fields that are disabled until a choice, and read-only ones")
def disabled(kit: Kit) -> Site:
    inner = '<label><input type="checkbox" name="more" onchange="d.disabled=!this.checked"> More</label><label>Depth <input id="d" name="depth" disabled></label><label>Number <input name="no" readonly value="7"></label>'
    return with_name(inner, "more=More", "depth=Depth", "no=Number")
