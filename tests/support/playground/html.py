"""Forms as HTML, from their fields, in the ways in which people write them."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field."""

    name: str
    label: str
    type: str = "text"
    labelling: str = "for"  # how the label is tied to it: for, wrap, aria, described, above

    @property
    def html(self) -> str:
        """Return label and control."""
        name, label = escape(self.name), escape(self.label)
        control = f'<textarea name="{name}"' if self.type == "textarea" else f'<input type="{self.type}" name="{name}"'
        ending = "></textarea>" if self.type == "textarea" else ">"
        if self.labelling == "wrap":
            return f"<label>{label} {control}{ending}</label>"
        if self.labelling == "aria":
            return f'<div>{control} aria-label="{label}"{ending}</div>'
        if self.labelling == "described":
            return f'<div><span id="l-{name}">{label}</span>{control} aria-labelledby="l-{name}"{ending}</div>'
        return f'<p><label for="f-{name}">{label}</label>{control} id="f-{name}"{ending}</p>'


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form with its own words, and the page that it may stand on."""

    topic: str
    path: str
    fields: tuple[Field, ...]
    submit: str
    action: str = "/save"
    method: str = "post"

    @property
    def controls(self) -> str:
        """Return the fields alone."""
        return "".join(field.html for field in self.fields)

    @property
    def button(self) -> str:
        """Return the button that sends it."""
        return f"<button>{escape(self.submit)}</button>"

    @property
    def html(self) -> str:
        """Return the whole form."""
        return f'<form action="{self.action}" method="{self.method}">{self.controls}{self.button}</form>'

    @property
    def loose(self) -> str:
        """Return the same without a form element."""
        button = f"<button type=\"button\" onclick=\"fetch('{self.action}',{{method:'POST'}})\">{escape(self.submit)}</button>"
        return f'<div class="box"><h2>{escape(self.topic)}</h2>{self.controls}{button}</div>'
