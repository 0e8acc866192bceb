"""Try a date: any rule from any moment, and how its deadline is worked out; nothing is kept."""
