"""Is there a form here, and is it one that we know."""
