"""Pages for whoever looks after people, organisations, units and code lists."""
