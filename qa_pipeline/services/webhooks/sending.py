"""One attempt to hand a message over by HTTP, with an end to everything: time, bytes, redirects."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from qa_pipeline.domain.webhook import DeliveryProblem
from qa_pipeline.services.webhooks.addresses import resolve

_ANSWER_BYTES_MAX = 4096  # read so that the connection ends in order; what the answer says is of no use
_OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of an attempt: both None never; ``status`` without ``problem`` is a success."""

    status: int | None = None
    problem: DeliveryProblem | None = None


def send(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, private_hosts: bool) -> Attempt:
    """Send a message once. Redirects are not followed, and no proxy of the environment is used.

    Parameters
    ----------
    url : str
        As :func:`~qa_pipeline.services.webhooks.addresses.check_url` has let pass.
    body : bytes
    headers : mapping of str to str
    timeout_s : float
        For connecting, and again for everything after that.
    private_hosts : bool
        As there.
    """
    parts = urlsplit(url)
    try:
        listener = _connect(parts, timeout_s, private_hosts=private_hosts)
    except ssl.SSLError:
        return Attempt(problem=DeliveryProblem.TLS)
    except TimeoutError:
        return Attempt(problem=DeliveryProblem.TIMEOUT)
    except (OSError, UnicodeError):  # a name that is no name is UnicodeError
        return Attempt(problem=DeliveryProblem.UNREACHABLE)
    if listener is None:
        return Attempt(problem=DeliveryProblem.FORBIDDEN_ADDRESS)
    return _talk(listener, parts, body, headers, timeout_s)


def _connect(parts: SplitResult, timeout_s: float, *, private_hosts: bool) -> socket.socket | None:
    addresses = resolve(parts, private_hosts=private_hosts)
    if not addresses:
        return None
    failed: OSError = OSError("no address")
    for address in addresses:
        try:
            opened = socket.create_connection(address, timeout=timeout_s)
            break
        except OSError as problem:
            failed = problem
    else:
        raise failed
    if parts.scheme != "https":
        return opened
    try:
        return ssl.create_default_context().wrap_socket(opened, server_hostname=parts.hostname)
    except BaseException:
        opened.close()
        raise


def _talk(
    opened: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str], timeout_s: float
) -> Attempt:
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = opened
    # The socket's own timeout starts anew with every byte; a receiver that trickles must end too.
    is_late = Event()
    timer = Timer(timeout_s, _break_off, (opened, is_late))
    timer.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "content-type": "application/json", "user-agent": _AGENT})
        answer = connection.getresponse()
        answer.read(_ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        late = isinstance(problem, TimeoutError) or is_late.is_set()
        return Attempt(problem=DeliveryProblem.TIMEOUT if late else DeliveryProblem.BAD_ANSWER)
    finally:
        timer.cancel()
        connection.close()
    problem_of_status = None if answer.status in _OK else DeliveryProblem.STATUS
    return Attempt(status=answer.status, problem=problem_of_status)


def _break_off(opened: socket.socket, is_late: Event) -> None:
    is_late.set()
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


_AGENT = f"callqa/{version('callqa')}"
