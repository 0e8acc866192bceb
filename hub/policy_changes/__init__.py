"""Changing the policy set: a draft, what it would change, a second person, and the day it takes force."""
