"""Appointments: booked at the centre, told to the sites, and what became of them."""
