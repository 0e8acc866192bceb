"""Old complaints about systems of this kind, each a test by its name with the result that should have been."""
