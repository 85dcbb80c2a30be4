"""`thutu-install`: what a role of a machine needs, laid down and taken away."""
