"""How a process is seen from outside."""
