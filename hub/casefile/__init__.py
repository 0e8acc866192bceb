"""The case page: one person's time under the hub, across every item of it."""
