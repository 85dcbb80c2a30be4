"""The language that hubs, displays and the centre share: values without any input or output."""
