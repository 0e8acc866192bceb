"""What leaves the hub on paper: forms as they were sent and notices of decisions, frozen and made into PDF."""
