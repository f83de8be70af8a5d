"""A snapshot holds the page as a person sees it, all frames and shadow roots, and nothing that a person entered."""

import msgspec
import pytest
from tests.support.misbehaving import MisbehavingSite

from formscout.domain.pages import VisitOutcome
from formscout.domain.snapshots import Node, Snapshot
from formscout_discovery.browser.tab import BrowserTab
from formscout_discovery.crawl.ports import PageLostError

SEEN = {"text", "face", "pw", "area"}
UNSEEN = {"folded", "collapsed", "transparent", "gone", "unseen", "left", "h"}


async def read(site: MisbehavingSite, tab: BrowserTab, page: str) -> Snapshot:
    assert (await tab.open(site.at(page))).outcome is VisitOutcome.OK
    return await tab.capture()


def named(snapshot: Snapshot, name: str) -> Node:
    (found,) = [node for node in snapshot.nodes if node.attributes.get("name") == name]
    return found


def holder(snapshot: Snapshot, node: Node) -> Node:
    assert node.parent is not None
    return snapshot.nodes[node.parent]


async def test_nodes_stand_in_order_with_parents_before_children(site: MisbehavingSite, tab: BrowserTab) -> None:
    for page in ("plain", "frames", "closed", "values"):
        snapshot = await read(site, tab, page)
        assert [node.id for node in snapshot.nodes] == list(range(len(snapshot.nodes)))
        assert all(node.parent is None or node.parent < node.id for node in snapshot.nodes)
        assert [frame.id for frame in snapshot.frames] == list(range(len(snapshot.frames)))


async def test_a_plain_form_is_frozen_with_chromiums_names(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "plain")
    assert (snapshot.title, snapshot.language, snapshot.status, snapshot.address) == ("Plain", "en", 200, site.at("plain"))
    field = named(snapshot, "name")
    assert (field.role, field.name, field.required, field.visible, field.has_value) == ("textbox", "Name", True, True, True)
    link = next(node for node in snapshot.nodes if node.tag == "a")
    assert (link.role, link.name, link.clickable, link.pointer) == ("link", "Second", True, True)
    assert link.box is not None
    assert link.box.width > 20


async def test_what_a_person_entered_is_nowhere_in_the_snapshot(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "values")
    await tab.page.fill("[name=typed]", "SECRET-9")
    again = await tab.capture()
    for each in (snapshot, again):
        assert b"SECRET" not in msgspec.json.encode(each)
    values = {node.attributes.get("name") or node.attributes.get("id") for node in snapshot.nodes if node.has_value}
    assert values == {"text", "pw", "area", "rich", "typed"}


async def test_choices_keep_their_values_and_states(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "values")
    options = [(node.attributes["value"], node.checked) for node in snapshot.nodes if node.tag == "option"]
    assert options == [("1", False), ("2", True)]
    radios = [(node.attributes["value"], node.checked) for node in snapshot.nodes if node.attributes.get("name") == "r"]
    assert radios == [("a", False), ("b", True)]
    assert named(snapshot, "c").attributes["value"] == "yes"
    assert next(node for node in snapshot.nodes if node.attributes.get("type") == "submit").attributes["value"] == "Send it"
    assert next(node for node in snapshot.nodes if node.name == "Aria" and node.role == "checkbox").checked is True


async def test_states_of_fields_are_told(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "values")
    assert named(snapshot, "in_fieldset").disabled
    assert not named(snapshot, "in_legend").disabled
    assert named(snapshot, "ro").readonly
    assert named(snapshot, "aria").required
    assert next(node for node in snapshot.nodes if node.tag == "summary").expanded is False


async def test_only_what_can_be_seen_is_visible(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "values")
    seen = {name for name in SEEN | UNSEEN if named(snapshot, name).visible}
    assert seen == SEEN


async def test_generated_content_is_read_after_the_words_it_follows(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "values")
    label = next(node for node in snapshot.nodes if node.attributes.get("class") == "must")
    assert [node.text for node in snapshot.nodes if node.parent == label.id] == ["Must", "*"]


async def test_shadow_roots_hang_below_their_hosts_and_light_children_too(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "closed")
    host = next(node for node in snapshot.nodes if node.attributes.get("id") == "shut")
    below = [(node.tag, node.shadow) for node in snapshot.nodes if node.parent == host.id and node.tag != "#text"]
    assert below == [("label", "closed"), ("button", "closed"), ("slot", "closed"), ("i", None)]
    field = named(snapshot, "c")
    assert (field.shadow, field.name, field.visible) == (None, "In closed", True)
    deep = named(snapshot, "o")
    assert (deep.shadow, holder(snapshot, deep).attributes["id"]) == ("open", "deep")
    assert (holder(snapshot, deep).shadow, holder(snapshot, holder(snapshot, deep)).attributes["id"]) == ("open", "wide")


async def test_frames_of_both_origins_lie_where_they_are_seen(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "frames")
    assert [frame.address for frame in snapshot.frames] == [site.at("frames"), site.at("inner"), f"{site.other}/pages/inner"]
    buttons = [node for node in snapshot.nodes if node.tag == "button"]
    assert [(node.name, node.frame) for node in buttons] == [("Inner", 1), ("Inner", 2)]
    boxes = [node.box for node in buttons]
    handles = [await frame.query_selector("button") for frame in tab.page.frames[1:]]
    for box, handle in zip(boxes, handles, strict=True):
        assert box is not None
        assert handle is not None
        real = await handle.bounding_box()
        assert real is not None
        assert (box.x, box.y, box.width, box.height) == pytest.approx((real["x"], real["y"], real["width"], real["height"]), abs=1)
    for frame in snapshot.frames[1:]:
        assert frame.owner is not None
        assert snapshot.nodes[frame.owner].tag == "iframe"


async def test_boxes_count_from_the_top_of_the_document_however_far_it_is_scrolled(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("long"))
    before = named(await tab.capture(), "far")
    await tab.page.evaluate("scrollTo(0, 2000)")
    after = named(await tab.capture(), "far")
    assert before.box == after.box
    assert before.box is not None
    assert before.box.y == 3000


async def test_failed_style_sheets_and_scripts_are_listed(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "broken")
    assert snapshot.degraded == (f"{site.base}/pages/missing.css",)


async def test_a_page_that_grew_too_large_is_told(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    await tab.page.evaluate("document.body.innerHTML = '<i></i>'.repeat(70000)")
    with pytest.raises(PageLostError) as lost:
        await tab.capture()
    assert lost.value.outcome is VisitOutcome.TOO_LARGE


async def test_nul_characters_that_a_script_wrote_are_left_out_since_no_row_keeps_them(site: MisbehavingSite, tab: BrowserTab) -> None:
    snapshot = await read(site, tab, "nul")
    assert "\\u0000" not in msgspec.json.encode(snapshot).decode()
    assert named(snapshot, "name").name == "Name"
