"""What the outside talks to."""
