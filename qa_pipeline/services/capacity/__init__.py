"""What a site needs for its nights: measured costs of a contact, and machines, hours and storage that follow."""
