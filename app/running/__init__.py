"""The product as it runs: wiring, loops, and what a process watches and keeps."""
