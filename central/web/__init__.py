"""The admins' pages: the API's figures, rendered on the server."""
