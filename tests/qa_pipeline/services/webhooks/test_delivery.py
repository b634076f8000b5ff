"""Messages to a real receiver on a port, from real databases."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from qa_pipeline.domain.webhook import Delivery, DeliveryProblem, DeliveryState, Webhook, WebhookKind
from qa_pipeline.errors import Conflict
from qa_pipeline.services.webhooks import emit
from qa_pipeline.services.webhooks.delivery import PAUSES_S, DeliveryOptions, deliver_due
from qa_pipeline.services.webhooks.management import add_webhook, redeliver, rotate_secret, send_test
from qa_pipeline.services.webhooks.sending import send
from qa_pipeline.store import Store
from tests.receiver import Receiver

OPTIONS = DeliveryOptions(timeout_s=5.0, private_hosts=True)
KINDS = (WebhookKind.APPEAL_FILED, WebhookKind.APPEAL_DECIDED)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def set_up(store: Store, receiver: Receiver) -> Webhook:
    with store.transaction() as tx:
        made, receiver.secret = add_webhook(tx, "Chat", receiver.url, KINDS, datetime.now(UTC), private_hosts=True)
    return made


def tell(store: Store, subject: str, kind: WebhookKind = WebhookKind.APPEAL_FILED, **details: str) -> None:
    with store.transaction() as tx:
        emit(tx, kind, subject, **details)


def messages(store: Store, webhook: Webhook) -> list[Delivery]:
    """Return the messages of a webhook, the oldest first."""
    with store.reading() as tx:
        return list(reversed(tx.deliveries.list(webhook.id)))


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def test_what_happened_arrives_signed_and_once(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    tell(store, "a1", period="2026-10")
    assert deliver_due(store, OPTIONS) == 1
    (taken,) = receiver.taken
    document = json.loads(taken["body"])
    assert document["type"] == "appeal.filed"
    assert document["data"] == {"id": "a1", "period": "2026-10"}
    assert taken["headers"]["content-type"] == "application/json"
    (kept,) = messages(store, webhook)
    assert (kept.state, kept.status, kept.attempts, kept.problem) == (DeliveryState.DELIVERED, 204, 1, None)
    assert taken["headers"]["webhook-id"] == kept.id
    assert deliver_due(store, OPTIONS) == 0
    # Somebody who recorded it and sends it again is refused.
    assert receiver.take(taken["headers"], taken["body"]) == 400


def test_a_message_belongs_to_the_transaction_of_what_it_tells(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    with pytest.raises(Conflict), store.transaction() as tx:
        emit(tx, WebhookKind.APPEAL_FILED, "a1")
        raise Conflict("no")
    assert messages(store, webhook) == []


def test_only_what_is_wanted_by_an_active_webhook_is_kept(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    with store.transaction() as tx:
        assert emit(tx, WebhookKind.RED_LINE, "c1") == 0
        assert emit(tx, WebhookKind.APPEAL_DECIDED, "a1") == 1
        tx.webhooks.change(Webhook(**{**_fields(webhook), "is_active": False}))
        assert emit(tx, WebhookKind.APPEAL_DECIDED, "a2") == 0
    # What waits stays while it is off.
    assert deliver_due(store, OPTIONS) == 0
    with store.transaction() as tx:
        tx.webhooks.change(Webhook(**{**_fields(webhook), "version": 2}))
    assert deliver_due(store, OPTIONS) == 1


def _fields(webhook: Webhook) -> dict[str, object]:
    return {name: getattr(webhook, name) for name in Webhook.__slots__}


def test_what_fails_is_tried_again_for_three_days_then_dead_and_can_be_sent_by_hand(
    store: Store, receiver: Receiver
) -> None:
    webhook = set_up(store, receiver)
    receiver.status = 503
    tell(store, "a1")
    began = datetime.now(UTC)

    def deliver_at(moment: datetime) -> int:
        receiver.clock_ahead_s = (moment - began).total_seconds()
        return deliver_due(store, OPTIONS, lambda: moment)

    now = began
    for number in range(1, 11):
        assert deliver_at(now) == 1
        (kept,) = messages(store, webhook)
        assert (kept.attempts, kept.status, kept.problem) == (number, 503, DeliveryProblem.STATUS)
        if number < 10:
            pause_s = (kept.due_at - now).total_seconds()
            assert 0.9 * PAUSES_S[number - 1] <= pause_s <= 1.1 * PAUSES_S[number - 1]
            assert deliver_at(kept.due_at - timedelta(seconds=1)) == 0
            now = kept.due_at
    assert kept.state is DeliveryState.DEAD
    # 272,105 s of pauses are 75.6 hours; a tenth more or less.
    assert timedelta(hours=68) < now - began < timedelta(hours=84)
    assert deliver_at(now + timedelta(days=9)) == 0
    receiver.status = 200
    with store.transaction() as tx:
        again = redeliver(tx, webhook.id, kept.id, now)
        assert again.id == kept.id
        with pytest.raises(Conflict):
            redeliver(tx, webhook.id, kept.id, now)
    assert deliver_at(now) == 1
    assert messages(store, webhook)[0].state is DeliveryState.DELIVERED
    assert {each["headers"]["webhook-id"] for each in receiver.taken} == {kept.id}
    assert receiver.refused == 0


def test_messages_about_one_thing_stay_in_order(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    receiver.status = 500
    tell(store, "a1")
    assert deliver_due(store, OPTIONS) == 1
    receiver.status = 200
    tell(store, "a1", WebhookKind.APPEAL_DECIDED)
    tell(store, "a2")
    assert deliver_due(store, OPTIONS) == 1  # a2 alone: the decision on a1 waits for its filing
    assert [json.loads(each["body"])["data"]["id"] for each in receiver.taken] == ["a1", "a2"]
    first, decision, _ = messages(store, webhook)
    assert (first.state, decision.state) == (DeliveryState.WAITING, DeliveryState.WAITING)
    # Made due again by hand of the clock: a minute later, which the receiver still takes.
    assert deliver_due(store, OPTIONS, lambda: datetime.now(UTC) + timedelta(seconds=60)) == 2
    kinds = [json.loads(each["body"])["type"] for each in receiver.taken[2:]]
    assert kinds == ["appeal.filed", "appeal.decided"]


def test_a_clock_that_was_set_back_does_not_stop_messages(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    receiver.status = 500
    tell(store, "a1")
    with store.transaction() as tx:  # somebody was killed while delivering, when the clock was a year ahead
        assert tx.webhooks.hold(webhook.id, in_hours(24 * 365), 120.0)
    assert deliver_due(store, OPTIONS) == 1
    (kept,) = messages(store, webhook)
    with store.transaction() as tx:
        tx.deliveries.keep(Delivery(**{**{n: getattr(kept, n) for n in Delivery.__slots__}, "due_at": in_hours(9999)}))
    receiver.status = 200
    assert deliver_due(store, OPTIONS) == 1
    assert messages(store, webhook)[0].state is DeliveryState.DELIVERED


def test_several_processes_never_deliver_to_one_webhook_at_once(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    receiver.delay_s = 0.02
    for number in range(8):
        tell(store, f"a{number}")
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: deliver_due(store, OPTIONS), range(4)))
    while deliver_due(store, OPTIONS):
        pass
    assert sum(counts) <= 8
    assert receiver.at_once_max == 1
    ids = [each["headers"]["webhook-id"] for each in receiver.taken]
    assert sorted(ids) == sorted(each.id for each in messages(store, webhook))


def test_a_held_webhook_is_left_to_its_holder_until_the_hold_ends(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    tell(store, "a1")
    now = datetime.now(UTC)
    with store.transaction() as tx:
        assert tx.webhooks.hold(webhook.id, now, 120.0)
    assert deliver_due(store, OPTIONS, lambda: now + timedelta(seconds=60)) == 0
    assert deliver_due(store, OPTIONS, lambda: now + timedelta(seconds=121)) == 1


def test_a_deliverer_that_read_the_clock_a_moment_before_the_holder_leaves_it(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    now = datetime.now(UTC)
    with store.transaction() as tx:
        assert tx.webhooks.hold(webhook.id, now, 120.0)
        assert tx.webhooks.hold(webhook.id, now - timedelta(milliseconds=50), 120.0) is None


def test_two_secrets_sign_for_a_day(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)  # the receiver keeps the old secret
    with store.transaction() as tx:
        changed, new = rotate_secret(tx, webhook, datetime.now(UTC))
        assert changed.version == 2
        send_test(tx, changed, datetime.now(UTC))
    assert deliver_due(store, OPTIONS) == 1
    assert receiver.refused == 0
    with store.reading() as tx:
        assert tx.webhooks.secrets(webhook.id).valid(in_hours(25)) == (new,)


def test_a_dead_receiver_does_not_delay_another(store: Store, receiver: Receiver) -> None:
    with store.transaction() as tx:
        add_webhook(tx, "Nobody", "http://127.0.0.1:9/", KINDS, datetime.now(UTC), private_hosts=True)
    webhook = set_up(store, receiver)
    for number in range(3):
        tell(store, f"a{number}")
    # One attempt at the dead one ends its round; the other gets its three.
    assert deliver_due(store, OPTIONS) == 4
    assert {each.state for each in messages(store, webhook)} == {DeliveryState.DELIVERED}


def test_messages_that_are_over_are_kept_for_thirty_days(store: Store, receiver: Receiver) -> None:
    webhook = set_up(store, receiver)
    tell(store, "a1")
    assert deliver_due(store, OPTIONS) == 1
    for day, subjects in ((29, {"a1", "day 29"}), (31, {"day 29", "day 31"})):
        tell(store, f"day {day}")
        deliver_due(store, OPTIONS, lambda day=day: in_hours(24 * day))  # type: ignore[misc]
        assert {each.subject for each in messages(store, webhook)} == subjects


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"location": receiver.url}
    receiver.secret = "whsec_" + "A" * 44
    attempt = send(receiver.url, b"{}", {"webhook-id": "1", "webhook-timestamp": "1"}, timeout_s=5, private_hosts=True)
    assert (attempt.status, attempt.problem) == (400, DeliveryProblem.STATUS)  # unsigned: refused
    assert receiver.refused == 1


def test_nothing_goes_where_it_may_not(receiver: Receiver) -> None:
    by_name = receiver.url.replace("http://127.0.0.1", "https://localhost")
    attempt = send(by_name, b"{}", {}, timeout_s=5, private_hosts=False)
    assert attempt.problem is DeliveryProblem.FORBIDDEN_ADDRESS
    assert receiver.refused == 0


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", DeliveryProblem.BAD_ANSWER),
        (b"SSH-2.0-OpenSSH_9.6\r\n", DeliveryProblem.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 5000, None),
    ],
    ids=["silence", "another protocol", "a long answer"],
)
def test_receivers_that_answer_oddly(answer: bytes, problem: DeliveryProblem | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            taken, _ = listener.accept()
            with taken:
                taken.recv(65536)
                taken.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert send(url, b"{}", {}, timeout_s=5, private_hosts=True).problem is problem
        thread.join()


def test_a_receiver_that_trickles_ends_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            taken, _ = listener.accept()
            with taken:
                try:
                    while True:
                        taken.sendall(b"H")
                        if taken.recv(65536) == b"":
                            return
                except OSError:
                    return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert send(url, b"{}", {}, timeout_s=0.3, private_hosts=True).problem is DeliveryProblem.TIMEOUT


def test_nobody_listens_or_the_name_is_none() -> None:
    for url in ("http://127.0.0.1:9/", "http://no-such-host.invalid/", f"http://{'a' * 70}.invalid/"):
        assert send(url, b"{}", {}, timeout_s=5, private_hosts=True).problem is DeliveryProblem.UNREACHABLE


def test_a_receiver_without_a_trusted_certificate_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        (
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {key} "
            f"-out {certificate} -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        ).split(),
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                taken, _ = listener.accept()
                try:
                    with context.wrap_socket(taken, server_side=True) as secure:
                        heard.append(secure.recv(65536))
                        secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                except OSError:
                    continue

        thread = Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}/hook"
        assert send(url, b"{}", {}, timeout_s=5, private_hosts=True).problem is DeliveryProblem.TLS
        assert heard == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert send(url, b"{}", {}, timeout_s=5, private_hosts=True).status == 204
        thread.join()
