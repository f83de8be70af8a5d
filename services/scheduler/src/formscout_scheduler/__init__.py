"""The scheduler: the clock, the dispatcher, the reconciler and upkeep."""
