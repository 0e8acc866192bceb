"""Policy sets, bank holidays and closures: the numbers and days the hub's clocks are made of."""
