"""One file per migration, named r, its number, and what it is about."""
