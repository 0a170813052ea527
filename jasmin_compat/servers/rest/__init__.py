"""The REST API (contract/http-api.md §19)."""
