"""The register of flash points: what goes wrong between partners, and what they agreed to do first."""
