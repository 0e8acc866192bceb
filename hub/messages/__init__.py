"""Messages: who is told of what, everybody's inbox, and what leaves the building."""
