#ifndef GRADER_CLOSE_ASIDE_H
#define GRADER_CLOSE_ASIDE_H

#include <stdbool.h>

/*
 * Closes a copy of a program's descriptor. It is closed when this returns, unless closing it takes long: the one who
 * closes a socket last waits as long as its owner has asked for, see SO_LINGER in socket(7), and a program can see to
 * it that this is us.
 */
void close_aside(int descriptor);

/* Whether a copy is still open, so that programs may wait for us. */
bool is_closing_aside(void);

#endif
