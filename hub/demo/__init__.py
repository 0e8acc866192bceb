"""Demo: invented people, organisations and events to try the hub with."""
