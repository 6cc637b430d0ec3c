"""What the service keeps in its database: sessions, grants, leases, locks, projects, releases, audit."""
