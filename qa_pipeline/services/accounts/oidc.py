"""OpenID Connect: the authorization code flow with PKCE, and who the provider says somebody is.

Sources: OpenID Connect Core 1.0 (3.1) and Discovery 1.0, RFC 7636 (PKCE), RFC 9700 (best current practice).
Nothing is kept on the server between the two requests: state, nonce and code verifier are derived from one secret in a
cookie of the browser, which nobody else knows, so only the browser that began can end the flow.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, EngineError, SignInNeeded
from qa_pipeline.services.accounts.secrets import new_secret

PREFIX = "cqo"
TIMEOUT_S = 10.0
# Signatures by a key pair only: with a shared secret or none, whoever knows the client could sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
CLOCK_TOLERANCE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcOptions:
    """What the settings say of the provider.

    ``login_claim`` names the claim that is the login here. ``role_claim`` names the claim whose values ``roles`` turns
    into roles; without it roles are given here. ``agent_claim``: the claim with the agent id. ``adds_accounts``:
    whether somebody unknown gets an account, which needs ``role_claim``.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid", "profile")
    login_claim: str = "preferred_username"
    role_claim: str | None = None
    roles: Mapping[str, StaffRole] = field(default_factory=dict)
    agent_claim: str | None = None
    adds_accounts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One signing in that has begun: all of it follows from the secret in the browser's cookie."""

    secret: str = field(repr=False)

    @property
    def state(self) -> str:
        """What comes back with the browser; ties the answer to the browser that asked."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What comes back in the token; ties the token to this flow."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What proves to the provider that whoever exchanges the code has asked for it: 43 signs (RFC 7636, 4.1)."""
        return self._derived("verifier")

    def _derived(self, purpose: str) -> str:
        raw = hmac.new(self.secret.encode(), purpose.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def begin_flow() -> Flow:
    """Return a new flow, whose secret goes into a cookie."""
    return Flow(secret=new_secret(PREFIX))


def authorization_address(options: OidcOptions, flow: Flow, redirect_uri: str) -> str:
    """Return where the browser is sent to sign in; raises EngineError when the provider does not answer."""
    from authlib.integrations.httpx_client import OAuth2Client

    with _clear_failure(options):
        provider = _discover(options)
        with OAuth2Client(
            options.client_id,
            scope=" ".join(options.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            verify=_trusted(),
        ) as client:
            address, _ = client.create_authorization_url(
                provider["authorization_endpoint"], state=flow.state, nonce=flow.nonce, code_verifier=flow.verifier
            )
    return str(address)


def read_claims(
    options: OidcOptions, flow: Flow, *, code: str, state: str, redirect_uri: str, now: datetime
) -> Mapping[str, Any]:
    """Exchange the code that came back, and return what the provider says of the person.

    Raises
    ------
    SignInNeeded
        State, code or token are not of this flow, not of this provider, not for us, or over.
    EngineError
        The provider does not answer, or not as it should.
    """
    from authlib.integrations.httpx_client import OAuth2Client
    from joserfc.errors import JoseError

    if not hmac.compare_digest(state.encode(), flow.state.encode()):
        raise _refused("state")
    with _clear_failure(options):
        provider = _discover(options)
        with OAuth2Client(
            options.client_id,
            options.client_secret,
            redirect_uri=redirect_uri,
            token_endpoint_auth_method=_way_to_authenticate(options, provider),
            timeout=TIMEOUT_S,
            verify=_trusted(),
        ) as client:
            token = client.fetch_token(provider["token_endpoint"], code=code, code_verifier=flow.verifier)
            keys = _get(provider["jwks_uri"])
            try:
                claims = dict(_verified(options, flow, str(token.get("id_token", "")), keys, now))
            except (JoseError, ValueError) as problem:
                raise _refused("id_token") from problem
            if _misses_something(options, claims) and "userinfo_endpoint" in provider:
                more = client.get(provider["userinfo_endpoint"]).raise_for_status().json()
                if more.get("sub") != claims["sub"]:  # OpenID Connect Core, 5.3.2
                    raise _refused("sub")
                claims = more | claims
    return claims


def _verified(options: OidcOptions, flow: Flow, id_token: str, keys: Any, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a token that is signed by the provider, for us and this flow, and in force."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=CLOCK_TOLERANCE_S,
        iss={"essential": True, "value": options.issuer},
        aud={"essential": True, "value": options.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": flow.nonce},
    )
    rules.validate(token.claims)
    audience = token.claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and token.claims.get("azp") != options.client_id:
        raise ValueError("made for somebody else")  # OpenID Connect Core, 3.1.3.7
    if not isinstance(token.claims["sub"], str) or not token.claims["sub"]:
        raise ValueError("no subject")
    return token.claims


def _discover(options: OidcOptions) -> Mapping[str, Any]:
    """Return what the provider says of itself, asked anew each time: people sign in rarely, and keys change."""
    found = _get(f"{options.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found["issuer"] != options.issuer:
        raise ValueError(f"issuer {found['issuer']}")
    return dict(found)


def _get(address: str) -> Any:
    import httpx2

    return httpx2.get(address, timeout=TIMEOUT_S, verify=_trusted()).raise_for_status().json()


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the certificates of all authorities takes a tenth of a second; once is enough.
    return ssl.create_default_context()


def _way_to_authenticate(options: OidcOptions, provider: Mapping[str, Any]) -> str:
    if options.client_secret is None:
        return "none"
    known = provider.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"


def _misses_something(options: OidcOptions, claims: Mapping[str, Any]) -> bool:
    wanted = (options.login_claim, options.role_claim, options.agent_claim)
    return any(name is not None and name not in claims for name in wanted)


@contextmanager
def _clear_failure(options: OidcOptions) -> Iterator[None]:
    """Turn what can go wrong between us and the provider into one sentence."""
    import httpx2
    from authlib.common.errors import AuthlibBaseError

    try:
        yield
    except AuthlibBaseError as problem:
        # The provider refuses the code: forged, used before, or too old. What it says may come from the address.
        raise _refused("code") from problem
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise EngineError(
            N_("Single sign-on does not work now: {issuer} cannot be asked ({problem})."),
            hint=N_("Try again later or sign in with a password; administrators look at the settings service.oidc_*."),
            issuer=options.issuer,
            problem=type(problem).__name__ if not str(problem) else str(problem).splitlines()[0],
        ) from problem


def _refused(part: str) -> SignInNeeded:
    return SignInNeeded(
        N_("Single sign-on did not succeed: {part} is not valid, or no longer."),
        hint=N_("Please begin again."),
        part=part,
    )
