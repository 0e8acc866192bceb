"""Days on which nobody works: bank holidays and local closures, and what moves when one is announced late."""
