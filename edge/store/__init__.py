"""What a node keeps through anything: its journal, and the numbers that were ever used."""
