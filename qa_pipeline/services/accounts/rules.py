"""What the settings say of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """How long a session lasts, and how many wrong passwords lock an account for how long.

    ``session_hours`` from signing in, ``idle_minutes`` without a request. ``wrong_passwords_max`` in a row lock the
    account for ``lock_minutes``. A password that somebody else made opens sessions for ``one_time_hours``.
    """

    session_hours: int = 12
    idle_minutes: int = 60
    wrong_passwords_max: int = 10
    lock_minutes: int = 15
    one_time_hours: int = 72

    @property
    def lasts(self) -> timedelta:
        """How long a session lasts."""
        return timedelta(hours=self.session_hours)

    @property
    def idle(self) -> timedelta:
        """How long a session lasts without a request."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def one_time(self) -> timedelta:
        """How long a password that somebody else made opens sessions."""
        return timedelta(hours=self.one_time_hours)

    @property
    def lock(self) -> timedelta:
        """How long an account stays locked."""
        return timedelta(minutes=self.lock_minutes)
