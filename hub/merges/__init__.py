"""Two records of one person made one, and taken apart again: each by two people."""
