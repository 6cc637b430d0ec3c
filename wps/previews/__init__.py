"""Previews of branches: their names, what Waypoint knows of them, and how they begin and end."""
