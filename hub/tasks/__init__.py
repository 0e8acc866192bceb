"""Something that is still owed, by whom and by when."""
