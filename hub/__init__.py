"""The commissioning hub: what makes the workflows happen, stores them and shows them."""
