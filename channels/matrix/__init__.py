"""Matrix: polling in, the client-server API out, by a small client of our own."""

from channels.matrix.channel import LARGEST_FILE, Matrix, MatrixSettings

__all__ = ["LARGEST_FILE", "Matrix", "MatrixSettings"]
