"""Other loaders on the same work, each from PyPI in an environment of its own, pinned by hash."""
