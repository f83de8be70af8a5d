"""A picture shows the form outlined, and not what stands in its fields."""

import struct
import zlib

from tests.support.misbehaving import MisbehavingSite

from formscout_discovery.browser.screenshot import MAX_HEIGHT
from formscout_discovery.browser.tab import BrowserTab


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def rows(png: bytes) -> list[bytes]:
    """Return the picture's rows of pixels, the filters of PNG undone (8 bits a channel, not interlaced)."""
    width, height = size_of(png)
    channels = {2: 3, 6: 4}[png[25]]
    data, at = b"", 8
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride, before, found = zlib.decompress(data), width * channels, bytearray(width * channels), []
    for row in range(height):
        kind, line = raw[row * (stride + 1)], bytearray(raw[row * (stride + 1) + 1 : (row + 1) * (stride + 1)])
        for i in range(stride):
            left = line[i - channels] if i >= channels else 0
            up, corner = before[i], before[i - channels] if i >= channels else 0
            guess = left + up - corner
            paeth = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
        found.append(bytes(line))
        before = line
    return found


async def test_what_stands_in_fields_is_not_in_the_picture(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("fields"))
    full = await tab.screenshot()
    await tab.page.evaluate(
        "document.querySelectorAll('input, textarea').forEach((f) => { f.value = ''; }); rich.innerHTML = '&nbsp;'; pick.selectedIndex = 1;"
    )
    await tab.page.evaluate("inside.contentDocument.querySelector('input').value = ''; shadowField.value = ''")
    empty = await tab.screenshot()
    assert rows(full) == rows(empty)
    assert await tab.page.evaluate("getComputedStyle(document.querySelector('input')).color") == "rgb(0, 0, 0)", (
        "the mask is taken off again"
    )


async def test_the_form_is_outlined_and_the_outline_taken_off(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    snapshot = await tab.capture()
    form = next(node for node in snapshot.nodes if node.tag == "form")
    plain, outlined = rows(await tab.screenshot()), rows(await tab.screenshot([form.id], of=snapshot))
    assert form.box is not None
    colour = bytes((0xE4, 0x57, 0x2E))
    assert colour in outlined[int(form.box.y) - 3]
    assert colour not in b"".join(plain)
    assert await tab.page.query_selector("#formscout-outline") is None
    assert len((await tab.capture()).nodes) == len(snapshot.nodes)


async def test_a_long_page_is_shown_where_the_form_is(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("long"))
    snapshot = await tab.capture()
    field = next(node for node in snapshot.nodes if node.attributes.get("name") == "far")
    picture = await tab.screenshot([field.id], of=snapshot)
    assert size_of(picture)[1] == MAX_HEIGHT
    assert field.box is not None
    assert field.box.y >= 6000 - MAX_HEIGHT, "the field lies in the part that is shown"
