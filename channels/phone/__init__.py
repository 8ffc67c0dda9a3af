"""What text messages and WhatsApp have in common: the citizen's side, and who carries messages."""
