"""A small OpenID Connect provider on a real port, which can also do what a broken or forged one does."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT, SECRET = "callqa", "the client's secret"


@cache
def own_key() -> RSAKey:
    """Return the provider's key; making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class Provider:
    """What the provider says; tests change it. ``claims`` replace those of the token, None takes one out."""

    issuer: str = ""
    subject: str = "sub-1"
    profile: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "li"})
    claims: dict[str, Any] = field(default_factory=dict)
    by_userinfo: dict[str, Any] | None = None
    key: RSAKey = field(default_factory=own_key)
    signs_with: RSAKey | OctKey | None = None
    algorithm: str = "RS256"
    discovery: dict[str, Any] = field(default_factory=dict)
    keeps_codes: bool = False
    asked: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        } | (self.profile if self.by_userinfo is None else {})
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        if self.algorithm == "none":
            parts = ({"alg": "none"}, claims)
            return (
                ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).decode().strip("=") for each in parts)
                + "."
            )
        key = self.signs_with or self.key
        return jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, key, algorithms=["RS256", "HS256"])


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            at = self.provider.issuer
            self._answer(
                {
                    "issuer": at,
                    "authorization_endpoint": f"{at}/authorize",
                    "token_endpoint": f"{at}/token",
                    "jwks_uri": f"{at}/keys",
                    "userinfo_endpoint": f"{at}/userinfo",
                }
                | self.provider.discovery
            )
        elif parts.path == "/keys":
            self._answer(KeySet([self.provider.key]).as_dict(private=False))
        elif parts.path == "/userinfo":
            self._answer(self.provider.by_userinfo or {})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.provider.asked = asked
            code = f"code-{len(self.provider.codes)}"
            self.provider.codes[code] = asked
            self.send_response(302)
            self.send_header(
                "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            )
            self.end_headers()

    def do_POST(self) -> None:
        given = {
            name: values[0]
            for name, values in parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()).items()
        }
        codes = self.provider.codes
        asked = codes.get(given["code"]) if self.provider.keeps_codes else codes.pop(given["code"], None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or asked["code_challenge_method"] != "S256"
            or verifier.decode().rstrip("=") != asked["code_challenge"]
            or given["redirect_uri"] != asked["redirect_uri"]
            or self.headers["authorization"] != f"Basic {basic}"
        ):
            self._answer({"error": "invalid_grant"}, 400)
            return
        token = {"access_token": "a", "token_type": "Bearer", "expires_in": 300}
        self._answer(token | {"id_token": self.provider.id_token(asked)})

    def _answer(self, document: Any, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent."""


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Run a provider on a free port."""
    provider = Provider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
