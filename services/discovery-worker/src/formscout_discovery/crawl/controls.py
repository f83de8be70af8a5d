"""The controls of a page that may show something when pressed, the likeliest first."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import ButtonType
from formscout.domain.paths import Locators
from formscout.domain.snapshots import TEXT, Node
from formscout.reading.regions import is_dialog
from formscout_discovery.crawl.state import State
from formscout_discovery.policy.hazards import hazard_of_control
from formscout_discovery.policy.priorities import FORM_WORDS

PRESSABLE_ROLES: Final = frozenset({"button", "tab", "menuitem", "menuitemradio", "treeitem", "disclosuretriangle", "link"})
FILLED_IN: Final = frozenset({"input", "select", "textarea", "option", "label", "form", "body", "html", "main"})
NOT_CHOSEN: Final = frozenset(
    {"option", "checkbox", "radio", "switch", "slider", "textbox", "searchbox", "combobox", "listbox", "spinbutton"}
)
REFERENCES: Final = (
    "aria-controls",
    "data-target",
    "data-bs-target",
    "href",
    "for",
    "data-toggle-target",
    "popovertarget",
    "commandfor",
    "aria-owns",
)

MOST_OF_A_LIST: Final = 6
"""Controls of one list that are pressed: of a list of fifty kinds a few are sampled, the rest is counted as left."""

MOST_TABS: Final = 14
"""Tabs of one list that are pressed: there are few, and each shows something else."""

LARGEST_CARD_PX: Final = 400_000
"""Of a clickable area; what is larger is a page's layout that listens for its children."""

LONGEST_LABEL: Final = 80
LEAST_TELLING_ID: Final = 3  # characters: a shorter id is found in any script

# The lower a rank, the sooner it is pressed.
REVEALS_HIDDEN_FORM: Final = 0
PROMISES_FORM: Final = 1
OPENS_SOMETHING: Final = 2
PLAIN_BUTTON: Final = 3
MENU_ENTRY: Final = 4
CLICKABLE_AREA: Final = 5
INSIDE_FORM: Final = 3  # added: tool bars of editors, pickers
LINK_BESIDES: Final = 4

_ICON_WORDS = re.compile(
    r"(?:^|[^a-z])(add|plus|new|create|edit|pencil|pen|filter|search|settings?|cog|gear|wrench|tune|more|menu|ellipsis|kebab|dots|bookmark|upload|invite|person_add)(?:[^a-z]|$)"
)
_WORDS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_NEXT = re.compile(r"^\W*(next|continue|weiter|suivant|siguiente|avanti|próximo|volgende|далее|下一步|次へ|다음)\b", re.IGNORECASE)
_EDITOR = re.compile(r"toolbar|editor|wysiwyg|jstb|datepicker|calendar|pagination|pager", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that can be pressed."""

    node: int
    locators: Locators
    key: str  # what it is, wherever it stands
    kind: str  # what it looks like, whatever it is called
    group: str  # the list that it stands in
    rank: int
    shared: bool  # stands on every page


def controls_of(state: State) -> tuple[Control, ...]:
    """Return the page's controls worth pressing, the likeliest to show a form first; hazards are not among them."""
    inside, fields, senders = _form_parts(state)
    wanted = _named_by_hidden_forms(state)
    chosen: dict[int, Control] = {}
    for node in state.snapshot.nodes:
        rank = None if node.id in fields or node.id in senders else _rank(state, node, wanted)
        if rank is None or _is_part_of_control(state, node):
            continue
        if hazard_of_control(label_of(state, node), node.role or node.tag, node.attributes):
            continue
        if node.id in inside or _is_tool(state, node):
            rank += INSIDE_FORM
        chosen[node.id] = _control(state, node, rank)
    return _sampled(sorted(chosen.values(), key=lambda control: (control.rank, control.node)))


def _is_part_of_control(state: State, node: Node) -> bool:
    """Tell whether the element is only the icon or the words of a button or link around it."""
    return any(
        state.tree.nodes[at].tag in ("a", "button", "summary", "label")
        or state.tree.nodes[at].role in ("button", "link", "tab", "menuitem")
        for at in state.tree.ancestors(node.id)
    )


def label_of(state: State, node: Node) -> str:
    """Return what the control is called, by its name or by its words."""
    name = node.name or node.attributes.get("aria-label") or node.attributes.get("title") or state.tree.words(node.id, visible=True)
    return " ".join(name.split())[:LONGEST_LABEL]


def _sampled(controls: list[Control]) -> tuple[Control, ...]:
    counted: Counter[str] = Counter()
    kept = []
    for control in controls:
        counted[control.group] += 1
        if counted[control.group] <= (MOST_TABS if control.locators.role in ("tab", "menuitem") else MOST_OF_A_LIST):
            kept.append(control)
    return tuple(kept)


def _form_parts(state: State) -> tuple[set[int], set[int], set[int]]:
    """Return all nodes inside shown forms, the fields among them, and the buttons that would send or reset them."""
    inside: set[int] = set()
    fields: set[int] = set()
    senders: set[int] = set()
    for form in state.forms:
        inside.update(range(form.root, state.tree.end[form.root]))
        for field in form.fields:
            for node in field.nodes or (field.node,):
                fields.update(range(node, state.tree.end[node]))
        for button in form.buttons:
            steps = _NEXT.match(button.label) and (not form.has_form_element or state.tree.attribute(button.node, "type") == "button")
            if button.type in (ButtonType.SUBMIT, ButtonType.RESET, ButtonType.CANCEL) and not steps:
                senders.add(button.node)
    return inside, fields, senders


def _named_by_hidden_forms(state: State) -> frozenset[str]:
    """Return the ids by which a control may refer to a hidden form: its own and those of what is hidden around it."""
    names: set[str] = set()
    for form in state.hidden():
        for at in (form.root, *state.tree.ancestors(form.root)):
            node = state.tree.nodes[at]
            if node.visible and at != form.root:
                break
            if node.attributes.get("id"):
                names.add(node.attributes["id"])
    return frozenset(names)


def _rank(state: State, node: Node, wanted: Iterable[str]) -> int | None:
    """Return the control's rank, or None when it is none."""
    if not _takes_a_press(node):
        return None
    attributes = node.attributes
    leads_away = node.tag == "a" and _leads_away(attributes.get("href", ""))
    listens = "onclick" in attributes or "data-remote" in attributes or "data-toggle" in attributes or "data-bs-toggle" in attributes
    if wanted and (listens or not leads_away) and _refers(node, wanted):
        return REVEALS_HIDDEN_FORM
    if leads_away:
        return LINK_BESIDES if wanted and "onclick" in attributes else (PLAIN_BUTTON if "data-remote" in attributes else None)
    kind = _kind(state, node)
    if kind is None or attributes.get("aria-selected") == "true" or attributes.get("aria-current") in ("page", "true", "step"):
        return None
    return min(kind, PROMISES_FORM) if kind != CLICKABLE_AREA and _promises(state, node) else kind


def _takes_a_press(node: Node) -> bool:
    if node.tag == TEXT or not node.visible or node.disabled or node.box is None:
        return False
    if node.tag == "input":
        return node.attributes.get("type") in ("button", "image")
    return node.tag not in FILLED_IN and node.role not in NOT_CHOSEN


def _kind(state: State, node: Node) -> int | None:
    attributes = node.attributes
    if node.tag == "summary" or attributes.get("aria-haspopup", "false") != "false" or node.expanded is False or node.role == "tab":
        return OPENS_SOMETHING if node.expanded is not True else None
    if node.tag in ("button", "input") or node.role == "button":
        return None if node.expanded else PLAIN_BUTTON
    if node.role in PRESSABLE_ROLES or (
        node.tag == "a" and (node.clickable or "onclick" in attributes or attributes.get("href", "").startswith("#"))
    ):
        return MENU_ENTRY
    if not (node.clickable or _starts_pointing(state, node)):
        return None
    box = node.box
    small = box is not None and 0 < box.width * box.height <= LARGEST_CARD_PX
    return CLICKABLE_AREA if small and not _holds_control(state, node) and not is_dialog(state.tree, node.id) else None


def _leads_away(href: str) -> bool:
    """Tell whether a link goes to an address of its own; `#part` and scripts do not."""
    start = href.strip().lower()
    return start.startswith(("#/", "#!")) or not (not start or start.startswith(("#", "javascript:")))


def _refers(node: Node, wanted: Iterable[str]) -> bool:
    named = {node.attributes.get(name, "").lstrip("#.") for name in REFERENCES}
    scripted = " ".join(value for name, value in node.attributes.items() if name.startswith(("on", "data-")))
    return any(
        name in named or (len(name) >= LEAST_TELLING_ID and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", scripted))
        for name in wanted
    )


def _promises(state: State, node: Node) -> bool:
    words = {word.lower() for word in _WORDS.findall(label_of(state, node))}
    return bool(words & FORM_WORDS) or bool(_ICON_WORDS.search(_looks(state, node).lower()))


def _looks(state: State, node: Node) -> str:
    """Return what a control without words shows: classes and icon names."""
    seen = []
    for at in (node, *list(state.tree.elements(node.id))[:6]):
        seen += [
            at.attributes.get("class", ""),
            at.attributes.get("data-icon", ""),
            at.attributes.get("href", "") if at.tag == "use" else "",
        ]
        seen += [state.tree.nodes[child].text for child in state.tree.children[at.id] if state.tree.nodes[child].tag == TEXT]
    return " ".join(part for part in seen if part)[:200]


def _starts_pointing(state: State, node: Node) -> bool:
    """Tell whether the pointing hand begins here, not further up."""
    return node.pointer and not (node.parent is not None and state.tree.nodes[node.parent].pointer)


def _holds_control(state: State, node: Node) -> bool:
    """Tell whether something inside is a control of its own: then the area only surrounds it."""
    return any(
        below.tag in ("a", "button", "input", "select", "textarea", "summary") or below.role in PRESSABLE_ROLES | NOT_CHOSEN
        for below in state.tree.elements(node.id)
    )


def _is_tool(state: State, node: Node) -> bool:
    for at in state.tree.ancestors(node.id):
        above = state.tree.nodes[at]
        if above.role == "toolbar" or _EDITOR.search(above.attributes.get("class", "")):
            return True
        if above.tag in ("form", "main", "body"):
            return False
    return False


def _control(state: State, node: Node, rank: int) -> Control:
    locators = state.locator.of(node.id)
    above = [state.tree.nodes[at] for at in state.tree.ancestors(node.id)]
    place = "/".join(f"{at.tag}.{at.role or ''}" for at in above[:3])
    looks = "" if node.name else _looks(state, node)
    key = _DIGITS.sub("#", f"{node.tag}|{node.role or ''}|{label_of(state, node)}|{looks}|{place}")
    # A list is what stands under one parent, or row by row under one table: the place without its positions.
    nearest = next(
        (
            at.id
            for at in above
            if at.role in ("list", "listbox", "menu", "tablist", "table", "grid", "tree", "toolbar") or at.tag in ("ul", "table")
        ),
        None,
    )
    group = f"{nearest if nearest is not None else node.parent}|{node.tag}|{node.role or ''}|{place}"
    kind = _DIGITS.sub("#", f"{node.tag}|{node.role or ''}|{node.attributes.get('class', '')}|{place}")
    return Control(node=node.id, locators=locators, key=key, kind=kind, group=group, rank=rank, shared=state.is_chrome(node.id))
