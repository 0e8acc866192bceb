"""Placements: one person's search for a bed, from its opening."""
