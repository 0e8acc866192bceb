"""Somebody is away or leaves: a deputy who stands in, and handing over all that a person owns."""
