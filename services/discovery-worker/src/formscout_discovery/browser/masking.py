"""Decides which attributes and texts of a node may be kept: field values are people's data and are not."""

from collections.abc import Iterable
from typing import Final

MAX_ATTRIBUTE_CHARACTERS: Final = 1000
"""A longer value is data, not description."""

MAX_TEXT_CHARACTERS: Final = 2000
"""Of a text node; forms are labelled in fewer words."""

CHOICE_TYPES: Final = frozenset({"checkbox", "radio", "button", "submit", "reset", "image"})
"""Inputs whose `value` is the page's, not a person's."""

VALUED_TAGS: Final = frozenset({"option", "button", "li", "param", "data", "meter", "progress"})
"""Other elements whose `value` is the page's."""

DROPPED_ATTRIBUTES: Final = frozenset({"style", "srcdoc", "d", "points", "nonce", "integrity"})
"""Bulk without meaning here: layout is kept as boxes, a frame's content as nodes. A nonce is a secret of the page."""

SKIPPED_TAGS: Final = frozenset(
    {
        "template", "path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "defs", "clippath", "mask", "lineargradient",
        "radialgradient", "filter", "::marker", "::backdrop", "::placeholder", "::-webkit-scrollbar", "::scroll-marker",
    }
)  # fmt: skip
"""Elements left out with all that is below them: drawing, and what is not part of the page as shown."""

TEXTLESS_TAGS: Final = frozenset({"script", "style", "textarea", "title", "noscript"})
"""Elements whose text is code, a value, kept elsewhere, or (with scripts on) not shown."""


def kept_attributes(tag: str, attributes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the attributes that may be kept; a field's `value` is left out."""
    kept = {name: value for name, value in attributes if name not in DROPPED_ATTRIBUTES and len(value) <= MAX_ATTRIBUTE_CHARACTERS}
    if "value" in kept and not _value_is_the_pages(tag, kept):
        del kept["value"]
    return kept


def _value_is_the_pages(tag: str, attributes: dict[str, str]) -> bool:
    if tag == "input":
        return attributes.get("type", "text").lower() in CHOICE_TYPES
    return tag in VALUED_TAGS


def takes_text(tag: str, attributes: dict[str, str]) -> bool:
    """Tell whether a person writes into the element, so that what stands in it is hers."""
    if tag == "input":
        return attributes.get("type", "text").lower() not in CHOICE_TYPES | {"range", "color", "hidden"}
    return tag == "textarea" or is_editable(attributes)


def is_editable(attributes: dict[str, str]) -> bool:
    """Tell whether the element's content is a value (`contenteditable`)."""
    return attributes.get("contenteditable", "false").lower() in ("", "true", "plaintext-only")


def kept_text(text: str) -> str:
    """Return a text with its white space collapsed, cut to what a label may be."""
    return " ".join(text.split())[:MAX_TEXT_CHARACTERS]


def generated_text(text: str) -> str:
    """Return the words of generated content, without the glyphs of icon fonts (which lie in the private use area)."""
    return "".join(character for character in text if not "\ue000" <= character <= "\uf8ff").strip()
