"""jasmin.cfg, YAML and environment, read once into frozen dataclasses."""
