"""PID 1 of the sandbox. It captures and does as it is told; the host interprets. Standard library only."""
