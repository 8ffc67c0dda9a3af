"""Conditions of the rules: each tells whether it holds for a case, or that nobody can know yet."""
