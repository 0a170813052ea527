"""jasmin_compat: an SMS gateway that stands in for Jasmin."""
