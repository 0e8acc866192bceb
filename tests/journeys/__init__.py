"""Journeys: a person, a real browser, the whole stack."""
