"""Files on an item: checked before they are kept, shown to whom they are for, and never opened in the browser."""
