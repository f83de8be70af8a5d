"""The discovery worker: a browser that finds forms."""
