"""Organisations, their sites and units, and the collaboratives they form."""
