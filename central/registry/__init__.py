"""What exists: provinces and sites, by their codes and names."""
