"""The pipelines that `wps ci init` writes: the git flow once, and one file for each CI system."""
