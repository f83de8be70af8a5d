"""Where forms begin and end."""

from tests.support.snapshots import node, page

from formscout.domain.forms import ButtonType
from formscout.reading import LIKELY, read_forms


def test_a_form_element_is_one_form_with_its_fields_and_buttons() -> None:
    (form,) = read_forms(
        page(
            '<form action="login" method="POST" enctype="multipart/form-data"><input type="hidden" name="csrf">'
            '<label>Name <input name="user"></label><button>Sign in</button><a href="/" class="btn">Cancel</a>'
            '<button type="reset">X</button></form>',
            address="https://app.example/a/b",
        )
    )
    assert (form.action, form.method, form.enctype) == ("https://app.example/a/login", "post", "multipart/form-data")
    assert [f.name for f in form.fields] == ["user"]
    assert form.hidden == ("csrf",)
    assert [b.type for b in form.buttons] == [ButtonType.SUBMIT, ButtonType.CANCEL, ButtonType.RESET]
    assert form.confidence == 1.0


def test_a_base_element_moves_the_action_and_a_script_is_none() -> None:
    moved, script = read_forms(
        page(
            '<base href="https://other.example/x/"><form action="y"><input name="a"></form><form action="javascript:go()">'
            '<input name="b"></form>'
        )
    )
    assert moved.action == "https://other.example/x/y"
    assert script.action is None


def test_a_control_outside_its_form_belongs_to_it_by_attribute() -> None:
    (form,) = read_forms(page('<form id="f"><input name="a"></form><input name="b" form="f"><button form="f">Save</button>'))
    assert [f.name for f in form.fields] == ["a", "b"]
    assert [b.label for b in form.buttons] == ["Save"]


def test_inputs_without_a_form_element_are_grouped_by_the_button_that_sends_them() -> None:
    first, second = read_forms(
        page(
            '<div id="one"><div><span>City</span><input></div><div><span>Street</span><input></div><button>Save</button></div>'
            '<div id="two"><div><span>Mail</span><input></div><button>Subscribe</button></div>'
        )
    )
    assert [f.label for f in first.fields] == ["City", "Street"]
    assert [f.label for f in second.fields] == ["Mail"]
    assert not first.has_form_element
    assert first.action is None


def test_a_save_button_in_the_head_of_the_page_holds_the_fields_below_together() -> None:
    snapshot = page(
        '<div id="view"><header><h1>New article</h1><button><i data-icon="check"></i></button></header>'
        "<main><div><p>Title</p><input></div><div><p>Text</p><textarea></textarea></div></main></div>"
    )
    (form,) = read_forms(snapshot)
    assert form.root == node(snapshot, "view")
    assert form.title == "New article"
    assert [b.type for b in form.buttons] == [ButtonType.SUBMIT]


def test_a_dialog_is_a_form_of_its_own() -> None:
    page_form, dialog = read_forms(
        page(
            '<div><span>Name</span><input><button>Save</button><div role="dialog" aria-label="Add tag"><span>Tag</span><input>'
            "<button>Add</button></div></div>"
        )
    )
    assert [f.label for f in page_form.fields] == ["Name"]
    assert dialog.title == "Add tag"
    assert [f.label for f in dialog.fields] == ["Tag"]
    assert [b.label for b in dialog.buttons] == ["Add"]


def test_a_form_in_a_frame_is_sent_to_an_address_counted_from_the_frame() -> None:
    (form,) = read_forms(
        page('<iframe src="https://pay.example/in/"><html><body><form action="card"><input name="n"></form></body></html></iframe>')
    )
    assert form.action == "https://pay.example/in/card"
    assert form.fields[0].locators.frame == ("html > body > iframe",)


def test_a_form_around_a_custom_element_owns_what_stands_in_its_shadow_root() -> None:
    (form,) = read_forms(
        page(
            '<form><x-field id="host"><template shadowrootmode="open"><label>Nick <input name="n"></label></template>'
            "</x-field><button>Save</button></form>"
        )
    )
    assert form.fields[0].label == "Nick"
    assert form.fields[0].locators.shadow_path == ("#host",)


def test_a_form_out_of_sight_is_read_and_said_to_be_hidden() -> None:
    (form,) = read_forms(page('<form hidden><label for="a">Title</label><input id="a" name="title"></form>'))
    assert not form.visible
    assert form.fields[0].label == "Title"


def test_a_search_box_is_a_form_even_without_a_form_element() -> None:
    (form,) = read_forms(page('<header><input placeholder="Search…"></header>'))
    assert form.confidence >= LIKELY
    assert form.title == "Search"


def test_a_lone_language_select_a_slider_and_row_ticks_are_no_forms() -> None:
    forms = read_forms(
        page(
            '<nav><label>Language <select><option>English</option></select></label></nav><aside><input type="range"></aside>'
            '<table><tr><th>Name</th><th>Mail</th></tr><tr><td><input type="checkbox"></td><td>a</td></tr><tr><td>'
            '<input type="checkbox"></td><td>b</td></tr></table>'
        )
    )
    assert len(forms) == 3
    assert all(f.confidence < LIKELY and f.reason for f in forms)


def test_no_two_forms_have_the_same_root() -> None:
    forms = read_forms(page('<input placeholder="Search"><input name="a"><select><option>x</option></select>'))
    assert len({f.root for f in forms}) == len(forms)


def test_a_page_without_controls_has_no_forms() -> None:
    assert read_forms(page("<h1>About</h1><a href='/'>Home</a><form><button>Delete</button></form>")) == ()
