"""How it works: every workflow as it runs, with the open items on it."""
