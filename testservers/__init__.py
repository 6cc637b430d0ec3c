"""Real servers for the tests: each file installs one, starts it on loopback, and stops it."""
