"""What the centre decides of hubs' settings, and who runs something else."""
