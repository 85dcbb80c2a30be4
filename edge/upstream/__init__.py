"""From a node's journal to the centre and back, by line or by hand."""
