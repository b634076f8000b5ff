"""The database as a whole: a backup that either kind of database takes back, and whether all is in order."""
