"""The HTTP API (contract/http-api.md)."""
