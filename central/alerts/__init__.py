"""What somebody should look at: rules over the centre's facts, and where their news is sent."""
