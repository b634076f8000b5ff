"""``callqa serve``: pages and API for this machine."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Annotated

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context
from qa_pipeline.errors import N_, ConfigurationError


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Loopback address; there are no accounts yet.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
) -> None:
    """Serve pages and API on this machine until Ctrl-C."""
    # FastAPI and uvicorn are for this command alone.
    import uvicorn

    from api.app import create_app
    from api.security import check_loopback

    app = context(ctx)
    check_loopback(host)
    settings = app.settings
    application = create_app(
        store=app.store(),
        artifacts=wiring.artifacts(settings),
        rulebook=wiring.rulebook(settings),
        site=wiring.site(settings),
        options=wiring.service_options(settings),
    )
    listener = _listen(host, port)
    _announce(app, listener)
    # uvicorn stops in order on Ctrl-C and then hands the interrupt on; for a server it is the usual end, no failure.
    with listener, suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(application, log_level="warning", server_header=False)).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Open the port ourselves, so that an address in use is one clear sentence and not a log of the server."""
    family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as problem:
        listener.close()
        raise ConfigurationError(
            N_("The port {port} on {host} cannot be opened: {problem}."),
            hint=N_("Choose another one with --port, or stop the program that uses it."),
            field="port",
            host=host,
            port=port,
            problem=problem.strerror or str(problem),
        ) from problem
    return listener


def _announce(app: AppContext, listener: socket.socket) -> None:
    name, port = listener.getsockname()[:2]
    address = f"http://{f'[{name}]' if ':' in name else name}:{port}/"
    app.emit(
        {"address": address},
        lambda: app.say(N_("callqa is at {address} (this machine only). Stop it with Ctrl-C."), address=address),
    )
