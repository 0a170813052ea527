"""The ports done for real, and in memory."""
