"""The telnet console."""
