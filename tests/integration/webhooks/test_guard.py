"""The guard at connect time: what a name leads to is judged once, and that very address is connected to."""

import asyncio
import ipaddress
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.integration.webhooks.conftest import PATIENT, Hooks
from tests.support.receivers import Receiver, receiving
from tests.support.sessions import execute

from formscout.domain.webhooks import AttemptError, DeliveryState
from formscout.security.addresses import IPAddress
from formscout_scheduler.posting import Limits, Poster

NAME = "hooks.example.com"


class NameServer:
    """Answers look-ups with one list after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str) -> Sequence[IPAddress]:
        assert host == NAME
        self.asked += 1
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [ipaddress.ip_address(one) for one in found]


def certificate(directory: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server of this name and its client need."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"],
)
async def test_a_private_address_that_got_into_the_rows_is_not_connected_to(hooks: Hooks, receiver: Receiver, address: str) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await execute(hooks.database, "UPDATE webhook_endpoint SET address = :address", address=receiver.address(host=address))
    await hooks.test(webhook)
    await hooks.send(hooks.sender(allow_private=False))
    delivery = await hooks.one(webhook)
    assert (delivery.error_code, delivery.state) == (AttemptError.ADDRESS_REFUSED, DeliveryState.WAITING)
    assert delivery.error is not None
    assert "127.0.0.1" not in delivery.error, "what stands inside is not told to a tenant"
    assert receiver.connections == 0


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["2606:4700::1111", "127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"]])
async def test_a_name_that_leads_inside_is_refused_even_among_good_addresses(receiver: Receiver, answer: Sequence[str]) -> None:
    poster = Poster(allow_private=False, limits=PATIENT, resolve=NameServer(answer))
    attempt = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert attempt.error is AttemptError.ADDRESS_REFUSED
    assert receiver.connections == 0


async def test_a_metadata_service_is_refused_whatever_an_installation_allows(receiver: Receiver) -> None:
    poster = Poster(allow_private=True, limits=PATIENT, resolve=NameServer(["169.254.169.254"]))
    attempt = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert attempt.error is AttemptError.ADDRESS_REFUSED


async def test_a_name_is_looked_up_once_so_rebinding_it_gains_nothing(receiver: Receiver) -> None:
    # What is judged is what is connected to: were the name asked again to connect, the second answer would lead elsewhere.
    names = NameServer(["127.0.0.1"], ["127.0.0.2"])
    poster = Poster(allow_private=True, limits=PATIENT, resolve=names)
    attempt = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert (attempt.status, names.asked) == (204, 1)
    assert receiver.arrived[0].headers["host"] == f"{NAME}:{receiver.port}"


async def test_each_attempt_is_judged_anew(receiver: Receiver) -> None:
    names = NameServer(["127.0.0.1"], ["169.254.169.254"])
    poster = Poster(allow_private=True, limits=PATIENT, resolve=names)
    first = await poster.post(receiver.address(host=NAME), {}, b"{}")
    second = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert (first.status, second.error) == (204, AttemptError.ADDRESS_REFUSED)
    assert receiver.connections == 1


async def test_an_address_that_is_down_is_passed_over(receiver: Receiver) -> None:
    poster = Poster(allow_private=True, limits=PATIENT, resolve=NameServer(["127.0.0.99", "127.0.0.1"]))
    attempt = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert attempt.status == 204


async def test_a_name_that_leads_nowhere_has_its_own_code(receiver: Receiver) -> None:
    poster = Poster(allow_private=True, limits=PATIENT, resolve=NameServer([]))
    attempt = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert attempt.error is AttemptError.ADDRESS_UNRESOLVED


async def test_the_certificate_is_checked_against_the_name_not_the_address(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, NAME)
    async with receiving(tls=server) as receiver:
        poster = Poster(allow_private=True, limits=PATIENT, resolve=NameServer(["127.0.0.1"]), tls=client)
        attempt = await poster.post(receiver.address(host=NAME, scheme="https"), {}, b"{}")
        assert attempt.status == 204
        wrong = await poster.post(receiver.address(host="127.0.0.1", scheme="https"), {}, b"{}")
        await poster.close()
    assert wrong.error is AttemptError.CONNECTION_FAILED
    assert "certificate" in wrong.message.lower()


async def test_a_name_server_that_does_not_answer_costs_the_time_to_connect(receiver: Receiver) -> None:
    async def never(_host: str) -> Sequence[IPAddress]:
        await asyncio.Event().wait()
        return ()

    poster = Poster(allow_private=True, resolve=never, limits=Limits(connect=0.2, whole=30))
    attempt = await poster.post(receiver.address(host=NAME), {}, b"{}")
    await poster.close()
    assert attempt.error is AttemptError.TIMED_OUT
