"""The way to another installation of this router."""
