"""Signing in through an OpenID Connect provider, beside the accounts' passwords."""
