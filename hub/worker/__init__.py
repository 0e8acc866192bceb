"""The worker process: keeps the promises when nobody is looking."""
