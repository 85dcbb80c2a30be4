"""`thutu-printer`: find a site's ticket printer, learn what it can do, and try it."""
