"""wps, the command line of Waypaas: one file per command, thin over `teamconfig`."""
