"""Speeds that Guichet promises, each a ratio beside its bound in one run."""
