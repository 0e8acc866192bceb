"""The access trail: who looked at what, and which person looked where."""
