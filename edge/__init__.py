"""One centre's node: the queue, its journal, its devices, its local API, its uplink."""
