"""Today: what is late, due next, new and waited for, for one person."""
