"""From a waypoint.hcl that uses Waypoint's builtin kubernetes plugin to the short form; `wps import` shows it."""
