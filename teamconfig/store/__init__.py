"""Where revisions of standards are kept: a directory, or a git repository and a ref.

A store gives the files of one revision and their bytes, never a mix of two;
`teamconfig.reading` makes a tree of them.
"""
