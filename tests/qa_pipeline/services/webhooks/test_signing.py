from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from qa_pipeline.services.webhooks.signing import headers_of, new_secret, sign
from tests.receiver import documented_check

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def test_the_vector_of_the_specification() -> None:
    # The example of the Standard Webhooks specification and of its libraries' tests.
    assert (
        sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_secret_has_256_bits_and_none_is_like_another() -> None:
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(base64.b64decode(each.removeprefix("whsec_"))) for each in made} == {32}


@pytest.mark.parametrize("known", [0, 1])
def test_a_receiver_may_know_the_new_or_the_old_secret(known: int) -> None:
    secrets = (new_secret(), new_secret())
    headers = headers_of("msg_1", b"{}", secrets, NOW)
    assert documented_check()(secrets[known], headers, b"{}", NOW.timestamp(), set())


@pytest.mark.parametrize(
    ("body", "seconds_later", "seen"),
    [(b"{ }", 0, set()), (b"{}", 301, set()), (b"{}", -301, set()), (b"{}", 0, {"msg_1"})],
    ids=["another body", "old", "of the future", "replayed"],
)
def test_a_receiver_refuses(body: bytes, seconds_later: int, seen: set[str]) -> None:
    secret = new_secret()
    headers = headers_of("msg_1", b"{}", (secret,), NOW)
    check = documented_check()
    assert check(secret, headers, b"{}", NOW.timestamp(), set())
    assert not check(secret, headers, body, NOW.timestamp() + seconds_later, seen)


def test_a_receiver_refuses_a_signature_by_another_secret() -> None:
    headers = headers_of("msg_1", b"{}", (new_secret(),), NOW)
    assert not documented_check()(new_secret(), headers, b"{}", NOW.timestamp(), set())


def test_a_recorded_message_cannot_be_given_a_new_time() -> None:
    secret = new_secret()
    headers = headers_of("msg_1", b"{}", (secret,), NOW) | {"webhook-timestamp": str(int(NOW.timestamp()) + 400)}
    assert not documented_check()(secret, headers, b"{}", NOW.timestamp() + 400, set())
