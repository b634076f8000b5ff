from __future__ import annotations

import ipaddress

import pytest

from qa_pipeline.errors import InputError
from qa_pipeline.services.webhooks.addresses import check_url, is_allowed, resolve

PUBLIC, PRIVATE = "8.8.8.8", "10.1.2.3"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "ftp://example.com/",
        "https://",
        "https:///hook",
        "https://me:secret@example.com/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://例子.example/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://[::1/",
        "https://example.com/\r\nx: y",
        "https://example.com/" + "a" * 2000,
        "http://example.com/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        # 127.0.0.1 in the other ways that resolvers read it.
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
    ],
)
def test_no_such_address_is_taken(url: str) -> None:
    with pytest.raises(InputError) as caught:
        check_url(url, private_hosts=False)
    assert caught.value.field == "url"
    assert caught.value.hint


def test_addresses_that_are_taken() -> None:
    assert check_url("https://example.com:8443/hook?team=a", private_hosts=False).port == 8443
    assert check_url("http://localhost:9/hook", private_hosts=True).scheme == "http"
    assert check_url("https://134744072/hook", private_hosts=False).hostname == "134744072"  # 8.8.8.8


@pytest.mark.parametrize(
    ("address", "https", "https_private", "http_private"),
    [
        (PUBLIC, True, True, False),
        ("2001:4860:4860::8888", True, True, False),
        (PRIVATE, False, True, True),
        ("127.0.0.1", False, True, True),
        ("::1", False, True, True),
        ("fd12:3456::1", False, True, True),
        ("::ffff:10.1.2.3", False, True, True),
        # Link-local, where clouds keep their secrets, in all its spellings.
        ("169.254.169.254", False, False, False),
        ("fe80::1", False, False, False),
        ("::ffff:169.254.169.254", False, False, False),
        ("64:ff9b::a9fe:a9fe", False, False, False),  # a9fe:a9fe is 169.254.169.254
        ("2002:a9fe:a9fe::", False, False, False),
        ("100.100.100.200", False, False, False),
        ("fd00:ec2::254", False, False, False),
        ("168.63.129.16", False, False, False),
        ("0.0.0.0", False, False, False),
        ("224.0.0.1", False, False, False),
    ],
)
def test_where_messages_may_go(address: str, https: bool, https_private: bool, http_private: bool) -> None:
    parsed = ipaddress.ip_address(address)
    assert is_allowed(parsed, scheme="https", private_hosts=False) is https
    assert is_allowed(parsed, scheme="https", private_hosts=True) is https_private
    assert is_allowed(parsed, scheme="http", private_hosts=True) is http_private
    assert is_allowed(parsed, scheme="http", private_hosts=False) is False


def test_a_name_is_checked_by_what_it_stands_for() -> None:
    # localhost is a name like any other; what counts is that it leads to this machine.
    local = check_url("https://localhost:8443/", private_hosts=False)
    assert resolve(local, private_hosts=False) == []
    assert ("127.0.0.1", 8443) in resolve(local, private_hosts=True)
