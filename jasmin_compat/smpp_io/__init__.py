"""asyncio around smpp/: the only reader and writer of SMPP sockets."""
