/* The part of the standard header that a replay uses. */
#ifndef STDIO_H
#define STDIO_H

int printf(const char *format, ...);

#endif
