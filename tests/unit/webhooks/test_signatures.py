"""Signatures of webhooks: those that the specification's own vectors and library expect."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from formscout.security.webhooks import make_secret, signed_headers

BODY = b'{"type":"session.succeeded","data":{"session_id":7}}'


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_the_published_vector_comes_out() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_verifies_with_the_library() -> None:
    secret = make_secret()
    headers = signed_headers("evt_1", now(), BODY, secrets=[secret])
    assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


def test_while_a_secret_rotates_the_old_and_the_new_one_verify() -> None:
    old, new = make_secret(), make_secret()
    headers = signed_headers("evt_1", now(), BODY, secrets=[new, old])
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(make_secret()).verify(BODY, headers)


@pytest.mark.parametrize("changed", ["body", "id", "timestamp"])
def test_what_was_changed_on_the_way_does_not_verify(changed: str) -> None:
    secret = make_secret()
    headers = signed_headers("evt_1", now(), BODY, secrets=[secret])
    body = BODY
    if changed == "body":
        body = BODY.replace(b"7", b"8")
    elif changed == "id":
        headers["webhook-id"] = "evt_2"
    else:
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_secrets_differ_and_are_spelled_as_the_specification_says() -> None:
    secrets = {make_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(one.startswith("whsec_") and len(one) == 50 for one in secrets)
