"""One short module per executable; the only place that wires."""
