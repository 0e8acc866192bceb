"""How it works: every workflow as it runs, drawn and in words, with the open items on it."""
