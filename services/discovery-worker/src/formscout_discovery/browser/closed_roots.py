"""Reaches elements in closed shadow roots, which no script of a page can: through the DevTools protocol."""

from typing import Any, Final

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from formscout.domain.paths import Locators

Point = tuple[float, float]

SELECT_CONTENT: Final = "function () { this.focus(); if (this.select) this.select(); }"

CHOOSE: Final = """function (value) {
  if (this.localName === "select") {
    if (![...this.options].some((option) => option.value === value)) return false;
    this.value = value;
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    this.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }
  const checked = "checked" in this ? this.checked : this.getAttribute("aria-checked") === "true";
  return checked === (value === "true") ? true : null;
}"""
"""Chooses an option; answers null where a click must do it."""


class ClosedElement:
    """An element by its DevTools node."""

    def __init__(self, page: Page, session: CDPSession, node: int) -> None:
        self._page = page
        self._session = session
        self._node = node

    async def press(self) -> bool:
        """Click the middle of the element if a click there meets it."""
        try:
            point = await self._reachable_point()
            if point is None:
                return False
            await self._page.mouse.click(*point)
        except PlaywrightError:
            return False
        return True

    async def hover(self) -> bool:
        """Move the pointer over the element."""
        try:
            point = await self._reachable_point()
            if point is None:
                return False
            await self._page.mouse.move(*point)
        except PlaywrightError:
            return False
        return True

    async def choose(self, value: str) -> bool:
        """Choose an option, or click a box that is not as wanted."""
        try:
            chosen = await self._call(CHOOSE, value)
        except PlaywrightError:
            return False
        return await self.press() if chosen is None else bool(chosen)

    async def fill(self, text: str) -> bool:
        """Replace what stands in the field."""
        try:
            await self._call(SELECT_CONTENT)
            await self._page.keyboard.insert_text(text)
        except PlaywrightError:
            return False
        return True

    async def _reachable_point(self) -> Point | None:
        """Return the middle of the element in the viewport, None when something else lies there."""
        await self._session.send("DOM.scrollIntoViewIfNeeded", {"nodeId": self._node})
        quads = (await self._session.send("DOM.getContentQuads", {"nodeId": self._node}))["quads"]
        if not quads:
            return None
        xs, ys = quads[0][0::2], quads[0][1::2]
        point = (sum(xs) / 4, sum(ys) / 4)
        hit = await self._session.send("DOM.getNodeForLocation", {"x": int(point[0]), "y": int(point[1])})
        own = (await self._session.send("DOM.describeNode", {"nodeId": self._node, "depth": -1, "pierce": True}))["node"]
        return point if _contains(own, hit["backendNodeId"]) else None

    # What a function in a page returns has any type: hence Any.
    async def _call(self, function: str, *arguments: str) -> Any:
        found = await self._session.send("DOM.resolveNode", {"nodeId": self._node})
        answer = await self._session.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": function,
                "objectId": found["object"]["objectId"],
                "arguments": [{"value": argument} for argument in arguments],
                "returnByValue": True,
            },
        )
        return answer["result"].get("value")


async def find_in_closed_roots(page: Page, session: CDPSession, locators: Locators) -> ClosedElement | None:
    """Return the element that frames, shadow hosts and CSS lead to, whatever the mode of the roots on the way."""
    if locators.css is None:
        return None
    try:
        node = (await session.send("DOM.getDocument", {"depth": 0}))["root"]["nodeId"]
        for css in locators.frame:
            node = await _into(session, node, css, "contentDocument")
        for css in locators.shadow_path:
            node = await _into(session, node, css, "shadowRoots")
        found = await _select(session, node, locators.css)
    except (PlaywrightError, LookupError):
        return None
    return ClosedElement(page, session, found)


async def _select(session: CDPSession, node: int, css: str) -> int:
    """Return the node that the CSS hits below a root; raise LookupError if there is none."""
    found: int = (await session.send("DOM.querySelector", {"nodeId": node, "selector": css}))["nodeId"]
    if not found:
        raise LookupError(css)
    return found


async def _into(session: CDPSession, node: int, css: str, what: str) -> int:
    """Return the document of a frame element or the first shadow root of a host; raise LookupError if it has none."""
    owner = await _select(session, node, css)
    described = (await session.send("DOM.describeNode", {"nodeId": owner, "depth": 1, "pierce": True}))["node"]
    inner = described.get(what)
    if isinstance(inner, list):
        inner = next((root for root in inner if root.get("shadowRootType") != "user-agent"), None)
    if inner is None:
        raise LookupError(css)
    pushed = await session.send("DOM.pushNodesByBackendIdsToFrontend", {"backendNodeIds": [inner["backendNodeId"]]})
    entered: int = pushed["nodeIds"][0]
    return entered


# The protocol's nodes are untyped JSON: hence Any.
def _contains(node: dict[str, Any], backend_id: int) -> bool:
    if node["backendNodeId"] == backend_id:
        return True
    below = [*node.get("children", ()), *node.get("shadowRoots", ())]
    return any(_contains(child, backend_id) for child in below)
