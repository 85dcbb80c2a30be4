"""Who this node is: its own key, and the certificate that the centre gives it."""
