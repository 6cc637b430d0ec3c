"""The plugin team-ecr: brings images into an environment's registry, by digest.

Owns the components of Waypoint and the choice of what goes where; how bytes move is `imagemover`'s.

`registry` and `builder` are what Waypoint calls. `pushing` and `building` are what they do;
`tags`, `images` and `promoted` choose names and digests; `places` and `moving` reach registries.
"""
