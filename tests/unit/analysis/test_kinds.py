"""What forms and fields are for."""

import pytest
from tests.support.snapshots import page

from formscout_analysis.pipeline import describe

PASSWORD = '<input type="password" name="{}" aria-label="{}">'


@pytest.mark.parametrize(
    ("html", "purpose"),
    [
        (f'<form method="post"><input name="user">{PASSWORD.format("pw", "Password")}<button>Sign in</button></form>', "login"),
        (f'<form method="post"><input type="email" name="e">{PASSWORD.format("p", "Passwort")}<button>Anmelden</button></form>', "login"),
        (
            (
                f'<form method="post"><input type="email" name="e">{PASSWORD.format("p", "Password")}{PASSWORD.format("p2", "Again")}'
                "<button>Create account</button></form>"
            ),
            "registration",
        ),
        (
            (
                f'<form method="post">{PASSWORD.format("old", "Current password")}{PASSWORD.format("n", "New password")}'
                f"{PASSWORD.format('c', 'Confirmation')}<button>Apply</button></form>"
            ),
            "password-change",
        ),
        (
            '<h1>Forgot your password?</h1><form method="post"><input type="email" name="e"><button>Send</button></form>',
            "password-recovery",
        ),
        ('<form method="post"><input name="code" autocomplete="one-time-code"><button>Verify</button></form>', "mfa"),
        ('<form><input type="search" name="q"><button>Go</button></form>', "search"),
        ('<form><select name="s" aria-label="State"><option>a</option></select><input name="n"><button>Filter</button></form>', "filter"),
        ('<form method="post"><input type="email" name="mail"><button>Subscribe</button></form>', "newsletter"),
        (
            (
                '<h2>Contact us</h2><form method="post"><input name="name"><input type="email"><textarea name="message"></textarea>'
                "<button>Send</button></form>"
            ),
            "contact",
        ),
        ('<form method="post"><textarea name="comment"></textarea><button>Add comment</button></form>', "comment"),
        ('<form method="post"><input name="cardnumber"><input name="cvc"><button>Pay now</button></form>', "payment"),
        ('<form method="post"><input name="qty" type="number"><button>Add to cart</button></form>', "add-to-cart"),
        ('<form method="post"><input type="file" name="f"><button>Upload</button></form>', "upload"),
        ('<h1>New project</h1><form method="post"><input name="title"><button>Create</button></form>', "create"),
        ('<h1>Projekt bearbeiten</h1><form method="post"><input name="title"><button>Speichern</button></form>', "edit"),
        ('<h1>Settings</h1><form method="post"><input name="title"><button>Save</button></form>', "settings"),
        ('<form method="post"><input name="x1"><button>Frobnicate</button></form>', "other"),
    ],
)
def test_a_form_is_known_by_its_fields_and_words(html: str, purpose: str) -> None:
    (form,) = describe(page(html))
    assert form.purpose == purpose


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ('<input name="x" autocomplete="section-a shipping postal-code">', "postal-code"),
        ('<label>Vorname <input name="f1"></label>', "given-name"),
        ('<label>Apellidos <input name="f2"></label>', "family-name"),
        ('<label>PLZ <input name="f3"></label>', "postal-code"),
        ('<label>Country <select name="f4"><option>x</option></select></label>', "country"),
        ('<input name="billing[phoneNumber]">', "tel"),
        ('<label>User name or e-mail <input name="l"></label>', "username-or-email"),
        ('<label>Confirm e-mail <input name="m"></label>', "email-confirm"),
        ('<input type="email" name="x">', "email"),
        ('<input type="date" name="x">', "date"),
        ('<label><input type="checkbox" name="t">I accept the terms</label>', "tos-consent"),
        ('<label><input type="checkbox" name="t">Send me the newsletter</label>', "marketing-consent"),
        ('<label><input type="checkbox" name="t">Angemeldet bleiben</label>', "remember-me"),
        ('<label>Expires <input name="expire_at"></label>', "text"),
        ('<input name="code" readonly>', "readonly"),
        ('<select name="x" multiple><option>a</option></select>', "multi-choice"),
    ],
)
def test_a_field_is_known_by_its_token_its_words_or_its_type(html: str, kind: str) -> None:
    (form,) = describe(page(f'<form method="post">{html}<input type="color" name="zz"><button>Save</button></form>'))
    assert form.fields[0].semantic_type == kind


def test_passwords_are_told_apart_by_what_they_say() -> None:
    html = "".join(PASSWORD.format(*p) for p in (("a", "Old password"), ("b", "New password"), ("c", "New password again")))
    (form,) = describe(page(f"<form>{html}</form>"))
    assert [f.semantic_type for f in form.fields] == ["current-password", "new-password", "password-confirm"]
