"""Telegram, by bots."""
