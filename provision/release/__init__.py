"""`thutu-release`: a sealed wheelhouse that nodes update themselves from."""
