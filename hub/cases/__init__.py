"""A case: a person's time under the hub for one service line."""
