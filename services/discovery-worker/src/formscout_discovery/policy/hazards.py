"""Tells hazards: controls and addresses that are an action, which a crawler never presses or opens."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from formscout_discovery.policy import hazard_words as words


class Hazard(StrEnum):
    """What a control or an address would do."""

    DELETE = "delete"
    PAY = "pay"
    SIGN_OUT = "sign_out"
    DEACTIVATE = "deactivate"
    CANCEL_CONTRACT = "cancel_contract"  # a subscription, an order, a booking
    RESET = "reset"
    SEND = "send"


_SPACELESS: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Thai, Japanese, Chinese and Korean: words stand without spaces, or with endings glued on."""

SHORT_LABEL_WORDS: Final = 4
"""Up to so many words a label names its action; in a longer one only the first words do, the rest is prose or a record's title."""

SHORT_LABEL_CHARACTERS: Final = 16
"""The same for scripts without spaces."""

MAX_LABEL_CHARACTERS: Final = 200
"""Of a longer label only this much is read."""

OPENING_ATTRIBUTES: Final = ("aria-haspopup", "aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle")
"""A control that carries one of these says of itself that it opens something."""

_KEEPS_PASSWORD: Final = re.compile(
    r"pass(word|wd|wort|code)?|mot[ -]?de[ -]?passe|contraseña|senha|wachtwoord|hasło|heslo|парол|salasana|lösenord|şifre"
    r"|密码|密碼|パスワード|비밀번호",
    re.IGNORECASE,
)
"""Who resets a password fills in a form: `reset` beside such a word is no hazard."""

_HARMLESS_OBJECT: Final = re.compile(
    r"\b(filters?|sorting|search|selection|columns?|view|zoom|filtres?|filtros?|filtri|suche|auswahl)\b", re.IGNORECASE
)
"""What may be removed, cleared or reset without loss: the state of the screen itself."""

METHOD_ATTRIBUTES: Final = ("data-method", "data-turbo-method", "data-http-method")
"""Attributes by which scripts of common frameworks turn a link into another method."""


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for all phrases; whole words where the script has spaces, anywhere where it has none."""
    alternatives = []
    for phrase in sorted({_folded(phrase) for phrase in phrases}, key=len, reverse=True):
        text = re.escape(phrase.rstrip("*")).replace(r"\ ", r"\s+")
        if _SPACELESS.search(phrase):
            alternatives.append(text)
        else:
            alternatives.append(rf"(?<!\w){text}" + ("" if phrase.endswith("*") else r"(?!\w)"))
    return re.compile("|".join(alternatives))


def _folded(text: str) -> str:
    """Return the text in the one form that is compared: compatibility characters and case folded, the Turkish dotless i too."""
    return unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i").replace("\u2019", "'").strip()


_CONTROLS: Final = {
    Hazard.SIGN_OUT: _pattern(words.SIGN_OUT),
    Hazard.CANCEL_CONTRACT: _pattern(words.CANCEL_CONTRACT),
    Hazard.DELETE: _pattern(words.DELETE),
    Hazard.PAY: _pattern(words.PAY),
    Hazard.DEACTIVATE: _pattern(words.DEACTIVATE),
    Hazard.RESET: _pattern(words.RESET),
    Hazard.SEND: _pattern(words.SEND),
}
_ASSENT: Final = frozenset(_folded(word) for word in words.ASSENT)
_ADDRESS: Final = {word: Hazard(kind) for kind, listed in words.ADDRESS_WORDS.items() for word in listed}


def hazard_of_control(label: str, role: str | None = None, attributes: Mapping[str, str] | None = None) -> Hazard | None:
    """Tell what pressing the control would do, or None if its words name no hazard.

    `label` is the accessible name, `role` Chromium's. `type=reset` only empties the form's own fields. A link, or a
    control that says it opens something, is no hazard for `send`: what it opens may be the form.
    """
    own = attributes or {}
    if own.get("type") == "reset":
        return None
    text = _folded(label[:MAX_LABEL_CHARACTERS])
    if _sends_delete(own):
        return Hazard.SIGN_OUT if _CONTROLS[Hazard.SIGN_OUT].search(text) else Hazard.DELETE
    if not text:
        text = _folded(own.get("title") or own.get("data-action") or own.get("data-original-title") or "")
    named = _telling_part(text)
    opens = role == "link" or any(own.get(name, "false") not in ("", "false") for name in OPENING_ATTRIBUTES)
    for hazard, pattern in _CONTROLS.items():
        if pattern.search(named) is not None and not _is_harmless(hazard, text, opens=opens):
            return hazard
    return None


def _sends_delete(attributes: Mapping[str, str]) -> bool:
    """Tell whether scripts of a framework turn the control into a DELETE."""
    return "hx-delete" in attributes or any(attributes.get(name, "").lower() == "delete" for name in METHOD_ATTRIBUTES)


def _is_harmless(hazard: Hazard, text: str, *, opens: bool) -> bool:
    """Tell whether what the words are about, or what the control is, takes the hazard away."""
    if hazard is Hazard.SEND:
        return opens
    if hazard is Hazard.RESET and _KEEPS_PASSWORD.search(text):
        return True
    return hazard in (Hazard.RESET, Hazard.DELETE) and _HARMLESS_OBJECT.search(text) is not None


def _telling_part(text: str) -> str:
    """Return the part of a label that names what it does: all of a short one, the first words of a long one."""
    if _SPACELESS.search(text):
        return text if len(text) <= SHORT_LABEL_CHARACTERS else text[: SHORT_LABEL_CHARACTERS // 2]
    parts = text.split()
    return text if len(parts) <= SHORT_LABEL_WORDS else " ".join(parts[:2])


def is_assent(label: str) -> bool:
    """Tell whether a label merely says yes: what it assents to stands elsewhere."""
    return _folded(label).strip("!.… ") in _ASSENT


def hazard_of_address(url: str) -> Hazard | None:
    """Tell what opening the address would do, by the words of its path and query; for where there is no control to judge by.

    The last two parts of the path and the query count: what stands further left names the place. A word counts as a whole
    (`/posts/delete`, `?action=deleteUser`), not inside another (`/deleted-items`, `/payments`).
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    text = " ".join(part for part in unquote_plus(parts.path).split("/") if part) if parts.path else ""
    fragment = parts.fragment if "/" in parts.fragment else ""
    tail = [part for part in (unquote_plus(parts.path) + "/" + unquote_plus(fragment)).split("/") if part][-2:]
    pieces = [*tail, *re.split(r"[&;]", unquote_plus(parts.query))]
    if _KEEPS_PASSWORD.search(f"{text} {' '.join(pieces)}"):
        pieces = [piece for piece in pieces if "reset" not in piece.lower()]
    for piece in pieces:
        hazard = _hazard_of_words(piece)
        if hazard is not None:
            return hazard
    return None


_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PAIRS: Final = frozenset({"log out", "log off", "sign out", "sign off", "opt out", "place order"})


def _hazard_of_words(piece: str) -> Hazard | None:
    """Judge one part of a path or one parameter of a query by its words."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", piece.rsplit(".", 1)[0] if piece.count(".") == 1 else piece))
    found = re.findall(r"[a-z]+", "".join(c for c in plain if not unicodedata.combining(c)).casefold())
    for first, second in zip(found, [*found[1:], ""], strict=False):
        if f"{first} {second}" in _PAIRS:
            return _ADDRESS[first + second]
        if first in _ADDRESS:
            return _ADDRESS[first]
    return None
