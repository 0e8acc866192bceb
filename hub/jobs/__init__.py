"""What the worker does when nobody is looking, for whoever keeps the hub running."""
