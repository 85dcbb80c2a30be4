"""The queue as pure functions: what was asked becomes events, events become the state."""
