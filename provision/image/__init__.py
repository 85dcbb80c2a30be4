"""`thutu-image`: the boot files of a blank card."""
