"""People the hub looks after: one record each, found again by number, sound of name and place."""
