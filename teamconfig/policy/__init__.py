"""Who may do what: pure functions over frozen tables."""
