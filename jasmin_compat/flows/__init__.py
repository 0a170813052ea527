"""The paths of a message, straight line over the ports."""
