"""The register of interests, and who is kept out of convening or deciding because of it."""
