"""Keys, encryption and the outbound address guard."""
