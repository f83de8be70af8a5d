"""The gate: the one process that all bytes between a browser and the network cross."""
