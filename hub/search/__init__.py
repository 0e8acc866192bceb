"""One box that finds a person, a case, an item, a unit or an organisation, within what one may see."""
