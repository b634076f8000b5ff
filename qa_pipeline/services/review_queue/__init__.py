"""Which contacts wait for a person, who has taken which, and what they may not see before they have judged."""
