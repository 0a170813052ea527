"""jasmin_compat: an SMS gateway that stands in for Jasmin."""

__version__ = "0.1.0"
