"""HTTP by audience: providers' webhooks, citizens, and partners without an account."""
