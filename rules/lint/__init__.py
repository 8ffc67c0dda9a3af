"""What the check tells: what breaks the law, what is probably not meant, and how rules meet."""
