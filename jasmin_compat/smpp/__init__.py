"""SMPP 3.4 without I/O: octets in, events and octets out."""
