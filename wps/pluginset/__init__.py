"""Plugin binaries: built, published with a signature, and brought to where Waypoint looks for them."""
