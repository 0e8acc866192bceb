"""Referrals: Form 1, its validation, its import and its workflow."""
