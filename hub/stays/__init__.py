"""Stays: a person on a unit, from admission to the follow-up after discharge."""
