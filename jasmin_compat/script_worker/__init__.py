"""What runs the operator's scripts: a process of its own, which the gateway may kill."""
