"""What forms and fields are for."""
