"""What makes a workflow happen: the only code that changes a state. It knows nothing of Flask."""
