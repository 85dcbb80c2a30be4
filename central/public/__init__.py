"""What anybody may see without an account: where a ticket stands in its queue."""
