"""What every Formscout service shares."""
