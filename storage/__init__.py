"""The SQL database as system of record and queue, and the same store in memory."""
