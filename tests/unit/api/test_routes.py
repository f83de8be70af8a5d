"""What every route of the API keeps to, read off the document that describes them."""

from formscout_api.main import assemble

DOCUMENT = assemble().openapi()


def test_every_post_takes_an_idempotency_key() -> None:
    """Make a router with `route_class=OnceRoute`: a client whose connection broke must be able to try again."""
    posts = {path: methods["post"] for path, methods in DOCUMENT["paths"].items() if "post" in methods}
    without = [path for path, post in posts.items() if "Idempotency-Key" not in {one["name"] for one in post.get("parameters", ())}]
    assert len(posts) >= 9
    assert without == []
