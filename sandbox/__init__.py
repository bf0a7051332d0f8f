"""Running things contained: the Docker launcher, the agent, and the stream between them."""
