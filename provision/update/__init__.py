"""`thutu-update`: a node's software, replaced so that a cut at any moment leaves old or new."""
