"""Formats that other programs read: AMQP messages, Redis records, log lines."""
