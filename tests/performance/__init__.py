"""What the hub costs beside the least it could cost: `make bench`."""
