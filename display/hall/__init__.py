"""The hall screen: a page that everyone waiting looks at, and the small server behind it."""
