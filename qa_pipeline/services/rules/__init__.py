"""Tools for whoever writes rules: trying a card on contacts, checking it, and learning how often it is right."""
