"""The ways to services and partners: e-mail, Open311, signed webhooks."""
