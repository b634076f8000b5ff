"""``callqa serve``: pages and API."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import nullcontext
from typing import Annotated

import typer

from callqa.changed_settings import record_changed_settings
from callqa.cli.accounts_hint import tell_accounts
from callqa.cli.console import AppContext, context, err
from callqa.cli.cycle import now
from callqa.cli.work import supervised_worker
from callqa.logs import LogForm
from qa_pipeline.errors import N_, ConfigurationError


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's need an account.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
    jobs: Annotated[bool, typer.Option(help="Keep a `callqa work` beside the server.")] = True,
    log_format: Annotated[
        LogForm | None, typer.Option(help="text or json; json has a line for each request. Default service.log_format.")
    ] = None,
) -> None:
    """Serve pages and API until Ctrl-C or SIGTERM."""
    # FastAPI and uvicorn are for this command alone.
    from callqa.server import LogOptions, metrics_folder, run_server

    here = context(ctx)
    settings = here.settings
    verbose = logging.getLogger().getEffectiveLevel() <= logging.INFO
    form = log_format or settings.service.log_format
    with metrics_folder(workers):
        _check_accounts(here, host)
        with _listen(host, port) as listener:
            _announce(here, listener)
            tell_accounts(here)
            record_changed_settings(here.store(), settings, now())
            here.store().close()
            os.environ["CALLQA_SERVICE__LOG_FORMAT"] = form  # for the worker beside the server
            beside = supervised_worker(settings) if jobs else nullcontext()
            run_server(settings, listener, workers, LogOptions(form=form, verbose=verbose), beside)


def _check_accounts(here: AppContext, host: str) -> None:
    """Refuse to be reached from elsewhere before anybody has an account; opens and migrates the store too."""
    from api.security import is_loopback

    store = here.store()
    if is_loopback(host):
        return
    with store.reading() as tx:
        has_account = any(user.is_active for user in tx.users.list())
    if not has_account:
        raise ConfigurationError(
            N_("{host} can be reached by other machines, and nobody has an account yet."),
            hint=N_("Make one with `callqa users add`, or use --host 127.0.0.1."),
            field="host",
            host=host,
        )
    if not here.settings.service.proxies:
        text = here.translate(
            N_("Other machines reach this server without TLS: passwords and transcripts can be read on the way.")
        )
        hint = here.translate(
            N_("Put a proxy with TLS in front and name it in service.proxies; docs/operations.md shows how.")
        )
        err.print(text, style="yellow")
        err.print(hint)


def _listen(host: str, port: int) -> socket.socket:
    """Open the port ourselves, so that an address in use is one clear sentence and not a log of the server."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as problem:
        raise _not_opened(host, port, problem) from problem
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as problem:
        listener.close()
        raise _not_opened(host, port, problem) from problem
    return listener


def _not_opened(host: str, port: int, problem: OSError) -> ConfigurationError:
    return ConfigurationError(
        N_("The port {port} on {host} cannot be opened: {problem}."),
        hint=N_("Choose another one with --port, or stop the program that uses it."),
        field="port",
        host=host,
        port=port,
        problem=problem.strerror or str(problem),
    )


def _announce(here: AppContext, listener: socket.socket) -> None:
    name, port = listener.getsockname()[:2]
    address = f"http://{f'[{name}]' if ':' in name else name}:{port}/"
    here.emit(
        {"address": address}, lambda: here.say(N_("callqa is at {address} Stop it with Ctrl-C."), address=address)
    )
