"""Pure interpretation of what the agent captured: parsers of kernel files, the process tree, the wait-for graph."""
