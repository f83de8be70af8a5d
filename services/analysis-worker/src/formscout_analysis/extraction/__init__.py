"""What a form holds beyond its plain fields."""
