"""From what a provider says of somebody to an account here: found by issuer and subject, bound once by login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from qa_pipeline.domain.account import User
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, CallqaError, NotAllowed
from qa_pipeline.services.accounts.oidc import OidcOptions
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import SINGLE_SIGN_ON, OpenedSession, open_session
from qa_pipeline.services.accounts.sign_in import NOBODY
from qa_pipeline.services.accounts.users import UserDetails, add_user, change_user, details_of
from qa_pipeline.store import Store, Transaction


def sign_in_by_claims(
    store: Store,
    claims: Mapping[str, Any],
    options: OidcOptions,
    rules: SignInRules,
    now: datetime,
    *,
    request_id: str = "",
) -> OpenedSession:
    """Open a session for the person of whom a provider has said these verified claims.

    Raises
    ------
    NotAllowed
        Nobody here belongs to them, the account is closed, or the provider names no role.
    CallqaError
        The account cannot be made or changed as the provider would have it.
    """
    try:
        with store.transaction() as tx:
            user = _account(tx, claims, options, now, request_id)
            opened = open_session(tx, user, SINGLE_SIGN_ON, rules, now)
            tx.audit.append(_event(user, "session.open", opened.session.id, request_id, method=SINGLE_SIGN_ON), now)
            return opened
    except CallqaError:
        with store.transaction() as tx:
            known = tx.users.find_subject(subject_of(claims))
            event = (
                _event(known, "session.refuse", known.id, request_id, method=SINGLE_SIGN_ON)
                if known
                else Event(actor=NOBODY, role="", action="session.refuse", subject=NOBODY, request_id=request_id)
            )
            tx.audit.append(event, now)
        raise


def subject_of(claims: Mapping[str, Any]) -> str:
    """Return what an account is bound to: issuer and subject, the only pair that stays the same person's."""
    return f"{claims['iss']} {claims['sub']}"


def _account(tx: Transaction, claims: Mapping[str, Any], options: OidcOptions, now: datetime, request_id: str) -> User:
    role = _role(claims, options)
    user = tx.users.find_subject(subject_of(claims))
    if user is None:
        user = _first_time(tx, claims, options, role, now, request_id)
    if not user.is_active:
        raise NotAllowed(N_("Your account is closed."), hint=N_("An administrator can open it again."))
    if role is not None and role is not user.role:
        user = change_user(tx, user, replace(details_of(user), role=role), now)
        tx.audit.append(_event(user, "user.change", user.id, request_id, fields="role", role=role.value), now)
    return user


def _first_time(
    tx: Transaction,
    claims: Mapping[str, Any],
    options: OidcOptions,
    role: StaffRole | None,
    now: datetime,
    request_id: str,
) -> User:
    """Bind the account of the login to this subject, or make one."""
    subject = subject_of(claims)
    login = _login(claims, options)
    user = tx.users.find_login(login)
    if user is not None:
        if tx.users.subject(user.id) is not None:
            raise NotAllowed(
                N_("The account {login} belongs to another single sign-on identity."),
                hint=N_("The name may have passed from one person to another; an administrator can help."),
                login=login,
            )
        tx.users.set_subject(user.id, subject)
        tx.audit.append(_event(user, "user.bind", user.id, request_id, method=SINGLE_SIGN_ON), now)
        return user
    if not options.adds_accounts or role is None:
        raise NotAllowed(N_("There is no account for {login}."), hint=N_("An administrator can make one."), login=login)
    agent_id = claims.get(options.agent_claim) if options.agent_claim else None
    details = UserDetails(
        login=login,
        name=str(claims.get("name") or login),
        role=role,
        agent_id=str(agent_id) if agent_id else None,
    )
    made = add_user(tx, details, now, has_password=False, subject=subject).user
    tx.audit.append(_event(made, "user.add", made.id, request_id, login=made.login, role=made.role.value), now)
    return made


def _login(claims: Mapping[str, Any], options: OidcOptions) -> str:
    login = claims.get(options.login_claim)
    if not isinstance(login, str) or not login.strip() or "\x00" in login:
        raise NotAllowed(
            N_("The single sign-on provider does not say who you are here: {claim} is missing."),
            hint=N_("Administrators look at the setting service.oidc_login_claim."),
            claim=options.login_claim,
        )
    # Whoever may write any address into their profile must not get the account of its owner.
    is_address = options.login_claim == "email" or login == claims.get("email")
    if is_address and claims.get("email_verified") is not True:
        raise NotAllowed(
            N_("The single sign-on provider has not verified your e-mail address."),
            hint=N_("Have it verified there, then sign in again."),
        )
    return login


def _role(claims: Mapping[str, Any], options: OidcOptions) -> StaffRole | None:
    """Return the role that the provider gives, None where the settings leave roles to us."""
    if options.role_claim is None:
        return None
    said = claims.get(options.role_claim)
    values = said if isinstance(said, list) else [said]
    for value, role in options.roles.items():  # the first line of the settings wins
        if value in values:
            return role
    raise NotAllowed(
        N_("The single sign-on provider gives you no role here."),
        hint=N_("Whoever keeps the groups there can help; the setting service.oidc_roles lists them."),
    )


def _event(user: User, action: str, subject: str, request_id: str, **details: str) -> Event:
    return Event(
        actor=user.actor, role=user.role.value, action=action, subject=subject, details=details, request_id=request_id
    )
