"""Addresses of Redis: what each means, and what is wrong with those that mean nothing."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from formscout.config import PlatformSettings, with_authorities
from formscout.domain.errors import SettingsError
from formscout.queueing.app import create_app
from formscout.queueing.intake import SENTINEL_TRANSPORT, TRANSPORT
from formscout.storage.redis_servers import RedisServers


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost", RedisServers(hosts=(("localhost", 6379),))),
        ("redis://[::1]:7000/3", RedisServers(hosts=(("::1", 7000),), database=3)),
        ("redis://:p%40ss%2Fw%3Ard@h/", RedisServers(hosts=(("h", 6379),), password="p@ss/w:rd")),
        ("rediss://me:pw@h:1/0", RedisServers(hosts=(("h", 1),), username="me", password="pw", tls={})),
        ("rediss://h?ssl_ca_certs=%2Fa%20b.pem", RedisServers(hosts=(("h", 6379),), tls={"ssl_ca_certs": "/a b.pem"})),
        ("redis+sentinel://a,b:7/main", RedisServers(hosts=(("a", 26379), ("b", 7)), master="main")),
        (
            "rediss+sentinel://me:pw@a/main/2?sentinel_username=you&sentinel_password=s%26p",
            RedisServers(
                hosts=(("a", 26379),),
                master="main",
                database=2,
                username="me",
                password="pw",
                tls={},
                sentinel={"username": "you", "password": "s&p"},
            ),
        ),
    ],
)
def test_an_address_is_read(url: str, expected: RedisServers) -> None:
    assert RedisServers.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("", "begins with"),
        ("http://h", "begins with"),
        ("sentinel://h/main", "begins with"),
        ("redis://", "no host"),
        ("redis://h:geheim/0", "a port is a number"),
        ("redis://h:99999/0", "a port is a number"),
        ("redis://a,b/0", "several hosts are for sentinels"),
        ("redis://h/main", "number of the database"),
        ("redis://h/0/1", "number of the database"),
        ("redis+sentinel://h", "name of the master"),
        ("redis+sentinel://h/main/x", "number of the database"),
        ("redis://h?ssl_ca_certs=x", "not known here: ssl_ca_certs"),
        ("rediss://h?ssl_cert_reqs=none", "not known here: ssl_cert_reqs"),
        ("rediss://h?sentinel_password=x", "not known here: sentinel_password"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(url: str, because: str) -> None:
    with pytest.raises(SettingsError, match=because) as refusal:
        RedisServers.parse(url)
    assert "geheim" not in refusal.value.message


def test_no_password_is_shown() -> None:
    shown = repr(RedisServers.parse("redis+sentinel://:geheim@h/main?sentinel_password=geheim"))
    assert "geheim" not in shown


def test_celery_is_told_where_and_how() -> None:
    plain = create_app("test", "redis://me:p%2Fw@h:7/3", queue=None).conf
    assert (plain.broker_url, plain.broker_transport, plain.broker_use_ssl) == ("redis://me:p%2Fw@h:7/3", TRANSPORT, False)
    tls = create_app("test", "rediss://h?ssl_ca_certs=/ca.pem", queue=None).conf
    assert tls.broker_url == "rediss://h:6379/0"
    assert tls.broker_use_ssl == {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_ca_certs": "/ca.pem"}
    watched = create_app("test", "rediss+sentinel://a,b:7/main?sentinel_password=s", queue=None).conf
    assert watched.broker_transport == SENTINEL_TRANSPORT
    assert watched.broker_use_ssl == {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    told = watched.broker_transport_options
    assert (told["sentinels"], told["master_name"]) == ((("a", 26379), ("b", 7)), "main")
    assert {"ssl": True, "ssl_cert_reqs": "required", "password": "s"}.items() <= told["sentinel_kwargs"].items()


def test_the_settings_add_the_authorities_or_say_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(ValueError, match="begin with rediss://"):
        with_authorities("redis://h", file)
    with pytest.raises(ValueError, match="holds no certificates"):
        PlatformSettings(database_url=SecretStr("x"), redis_url=SecretStr("rediss://h"), redis_ca=file)
    kept = PlatformSettings(database_url=SecretStr("x"), redis_url=SecretStr("redis://h"))
    assert kept.redis_url.get_secret_value() == "redis://h"
