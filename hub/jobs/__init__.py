"""The jobs of the worker: when each ran, what is waiting."""
