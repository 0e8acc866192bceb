"""The region: every unit that is open, its free beds, and how far it is from where somebody asks about."""
