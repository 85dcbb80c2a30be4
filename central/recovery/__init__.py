"""What a hub gets back from the centre when its card is lost, and what comes in by hand."""
