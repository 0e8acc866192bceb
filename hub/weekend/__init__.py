"""The on-call page: one sheet for whoever is on call until the hub opens again. It reads, and writes nothing."""
