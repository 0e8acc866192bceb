"""The provider's home: what is asked of a unit, its offers, beds and people."""
