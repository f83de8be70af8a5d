"""How work is handed over: queues, messages and the execution of one job."""
