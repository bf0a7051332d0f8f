"""Whether signal handlers call only what a signal handler may call, told from the program's source. Pure."""
