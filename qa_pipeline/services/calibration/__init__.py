"""How far the machine and the reviewers can be trusted, from the store's own reviews."""
