#ifndef GRADER_CLOSE_ASIDE_H
#define GRADER_CLOSE_ASIDE_H

/*
 * Closes a copy of a program's descriptor. It is closed when this returns, unless closing it takes long: the one who
 * closes a socket last waits as long as its owner has asked for, see SO_LINGER in socket(7), and a program can see to
 * it that this is us.
 */
void close_aside(int descriptor);

#endif
