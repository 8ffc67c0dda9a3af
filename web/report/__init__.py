"""The citizen's way in: the report form."""
