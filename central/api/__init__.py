"""The centre's HTTP API for admins; its OpenAPI document is the contract."""
