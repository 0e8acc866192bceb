"""Beds of each unit, as its own people last confirmed them."""
