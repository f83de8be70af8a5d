"""What a form is for: rules over what its fields ask for, and over the words on and around it."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from formscout.domain.forms import ButtonType, FormReading
from formscout.domain.snapshots import Snapshot
from formscout_analysis.inference.kinds import purpose_words as words
from formscout_analysis.inference.kinds.fields import Judgement

TYPED: Final = frozenset({"text", "textarea", "textbox", "email", "tel", "url", "number", "contenteditable", "search", "searchbox"})
CARD: Final = frozenset({"cc-number", "cc-csc", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-name"})
PLACE: Final = frozenset({"street-address", "address-line1", "postal-code", "address-level2", "country", "country-name"})
FEW: Final = 3
"""Fields up to which a form can be a single question: sign-in, newsletter, recovery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a form is for, and how sure that is."""

    purpose: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules look at."""

    form: FormReading
    kinds: Counter[str]
    types: Counter[str]
    sends: str  # the words on its buttons that send
    title: str
    near: str  # title, action and ids
    place: str  # the page's own path
    filled: bool  # more of its fields came filled in than not
    count: int = field(default=0)

    @property
    def typed(self) -> int:
        """Count of fields that are typed into."""
        return sum(n for t, n in self.types.items() if t in TYPED)

    @property
    def everything(self) -> str:
        """All the words at once."""
        return f"{self.sends} {self.near}"


def purpose(form: FormReading, kinds: Sequence[Judgement], snapshot: Snapshot) -> Purpose:
    """Return what the form is for; rules come in the order of how much they ask of a form, the first that fits decides."""
    facts = _facts(form, kinds, snapshot)
    for rule in RULES:
        found = rule(facts)
        if found is not None:
            return Purpose(purpose=found[0], confidence=round(found[1] * min(1.0, 0.5 + form.confidence / 2), 2))
    return Purpose(purpose="other", confidence=0.4)


def _facts(form: FormReading, kinds: Sequence[Judgement], snapshot: Snapshot) -> Facts:
    real = [(f, k) for f, k in zip(form.fields, kinds, strict=True) if k.semantic_type != "honeypot"]
    attributes = snapshot.nodes[form.root].attributes
    action = urlsplit(form.action or "").path if form.action and form.action != snapshot.address else ""
    named = f"{attributes.get('id', '')} {attributes.get('class', '')} {attributes.get('name', '')}"
    near = re.sub(r"[_\-/.]+", " ", f"{form.title} {action} {named}")
    fillable = [snapshot.nodes[f.node] for f, _ in real if f.type in TYPED]
    return Facts(
        form=form,
        kinds=Counter(k.semantic_type for _, k in real),
        types=Counter(f.type for f, _ in real),
        sends=" ".join(b.label for b in form.buttons if b.type is ButtonType.SUBMIT),
        title=form.title,
        near=near,
        place=re.sub(r"[_\-/.#]+", " ", urlsplit(snapshot.address).path + " " + urlsplit(snapshot.address).fragment),
        filled=bool(fillable) and sum(n.has_value for n in fillable) * 2 > len(fillable),
        count=len(real),
    )


Found = tuple[str, float] | None


def _first(*votes: tuple[object, str, float]) -> Found:
    """Return purpose and confidence of the first vote whose condition holds."""
    return next(((what, sure) for holds, what, sure in votes if holds), None)


def _without_password(f: Facts) -> Found:
    """Find what asks who someone is without asking for a password."""
    who = f.kinds["email"] or f.kinds["username"] or f.kinds["username-or-email"]
    short = f.count <= FEW and f.typed and who
    return _first(
        (f.kinds["one-time-code"] and f.count <= FEW, "mfa", 0.9),
        (short and words.RECOVER.search(f"{f.everything} {f.place}"), "password-recovery", 0.85),
        (short and f.typed == 1 and words.LOGIN.search(f.sends), "login", 0.75),  # the first half of a sign-in in two steps
        (words.REGISTER.search(f.sends) and f.kinds["email"], "registration", 0.7),
    )


def _identity(f: Facts) -> Found:
    """Find sign-in, registration, passwords and codes."""
    passwords = f.types["password"]
    if not passwords:
        return _without_password(f)
    who = f.kinds["email"] + f.kinds["username"] + f.kinds["username-or-email"]
    registers = words.REGISTER.search(f.everything)
    alone = passwords == 1 and f.typed <= 1 and not words.REGISTER.search(f.sends)
    only_passwords = passwords > 1 and not who and f.typed == 0
    keeps = f.filled or words.EDIT.search(f.sends) or words.CREATE.search(f"{f.near} {f.place}")  # an administrator's form for an account
    return _first(
        (alone and words.LOGIN.search(f.everything), "login", 0.95),
        (alone and not f.typed and words.RECOVER.search(f.everything), "password-recovery", 0.7),
        (alone, "login", 0.85),
        (only_passwords and words.RECOVER.search(f.everything) and not f.kinds["current-password"], "password-recovery", 0.7),
        (only_passwords, "password-change", 0.9),
        (registers, "registration", 0.9),
        (who and f.kinds["new-password"] and not keeps, "registration", 0.7),
    )


def _search(f: Facts) -> Found:
    searches = f.kinds["search"] + f.types["search"] + f.types["searchbox"]
    short = f.typed <= 1 and f.count <= FEW
    return _first(
        (searches and short, "search", 0.95 if f.count == 1 else 0.8),
        (f.form.method == "get" and f.typed and short and words.SEARCH.search(f.sends), "search", 0.85),
    )


def _consent(f: Facts) -> Found:
    return _first((not f.typed and words.CONSENT.search(f.everything) and set(f.types) <= {"checkbox", "switch", "radio"}, "consent", 0.85))


def _buying(f: Facts) -> Found:
    card = sum(f.kinds[k] for k in CARD)
    place = sum(f.kinds[k] for k in PLACE)
    return _first(
        (words.DONATE.search(f.everything), "donation", 0.85),
        (words.CART.search(f.sends), "add-to-cart", 0.9),
        (card > 1 and place > 1, "checkout", 0.8),
        (card > 1, "payment", 0.9),
        (place > 1 and words.CHECKOUT.search(f.everything), "checkout", 0.85),
        (words.PAYMENT.search(f.sends), "payment", 0.7),
        (words.BOOKING.search(f.sends) and (f.types["date"] or f.kinds["date"]), "booking", 0.8),
        (words.ORDER.search(f.sends) and f.form.method != "get", "order", 0.65),
    )


def _talking(f: Facts) -> Found:
    long = f.types["textarea"] + f.types["contenteditable"] + f.types["textbox"]
    one_address = f.count <= FEW and f.kinds["email"] and f.typed < FEW and not long
    if not long:
        return _first((one_address and words.SUBSCRIBE.search(f.everything), "newsletter", 0.9))
    return _first(
        (words.FEEDBACK.search(f.everything), "feedback", 0.75),
        (words.CONTACT.search(f.everything) and (f.kinds["email"] or f.kinds["comment"]) and not f.filled, "contact", 0.85),
        (words.COMMENT.search(f.everything) and f.kinds["comment"] and f.count <= FEW + 2, "comment", 0.85),
        (f.kinds["email"] and f.kinds["comment"] and f.kinds["name"] and not f.filled, "contact", 0.7),
    )


def _narrowing(f: Facts) -> Found:
    gets = f.form.method == "get" and f.form.has_form_element
    keeps = words.CREATE.search(f.sends) or words.EDIT.search(f.sends)
    lone = f.count == 1 and f.types["select"] + f.types["radio"] and f.form.method == "get" and not keeps
    return _first(
        (lone and words.DISPLAY.search(f"{f.everything} {f.form.fields[0].label}"), "display-options", 0.6),
        (lone, "navigation", 0.5),
        (not f.typed and f.count and f.kinds["sort-order"] + f.kinds["style-select"] == f.count, "display-options", 0.8),
        (words.FILTER.search(f.sends) and (gets or not words.EDIT.search(f.sends)), "filter", 0.85),
        (words.FILTER.search(f.near) and gets, "filter", 0.85),
        (gets and f.count and not keeps, "filter", 0.7),
    )


def _asking(f: Facts) -> Found:
    return _first(
        (words.POLL.search(f.sends) and f.types["radio"] + f.types["checkbox"] and not f.typed, "poll", 0.8),
        (words.SURVEY.search(f.near) and f.count > 1, "survey", 0.75),
    )


def _keeping(f: Facts) -> Found:
    """Find create, edit, settings, profile, delete, upload: what an application's own records need."""
    around = f"{f.near} {f.place}"
    creates, edits = words.CREATE.search(f.sends), words.EDIT.search(f.sends)
    return _first(
        (words.DELETE.search(f.sends) and not edits, "delete", 0.8),
        (f.types["file"] and (f.types["file"] == f.count or (not f.typed and words.UPLOAD.search(f.everything))), "upload", 0.85),
        (words.SETTINGS.search(around) and not creates, "settings", 0.75),
        (words.PROFILE.search(f.title) and (f.kinds["email"] or f.kinds["given-name"]), "profile", 0.75),
        (creates and not edits, "create", 0.75 if words.CREATE.search(around) or not f.filled else 0.6),
        (words.CREATE.search(f"{f.title} {f.place}") and not f.filled and f.count, "create", 0.7),
        (edits or words.EDIT.search(f"{f.title} {f.place}"), "edit", 0.75 if f.filled else 0.6),
        (words.SEARCH.search(f.everything) and f.count <= FEW, "search", 0.6),
    )


RULES: Final[tuple[Callable[[Facts], Found], ...]] = (_identity, _search, _consent, _buying, _talking, _asking, _narrowing, _keeping)
