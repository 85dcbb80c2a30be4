"""The catalogue of procedures: read, compared, published, and what of it a site handles."""
