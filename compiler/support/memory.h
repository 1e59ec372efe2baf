/* memory: what is given back singly, with free(): of the C library, but never NULL. Where there is none, the program
 * ends with status 1, which is no defect of nnc: what is asked for needs more than there is. */
#ifndef NNC_SUPPORT_MEMORY_H
#define NNC_SUPPORT_MEMORY_H

#include <stddef.h>
#include <stdio.h>

void *memory_new(size_t count, size_t bytes_each);               /* zeroed; count may be 0 */
void *memory_grown(void *old, size_t count, size_t bytes_each); /* what is new is not zeroed */
char *memory_copy(const char *s);
/* A stream into memory: *bytes are complete, with a 0 behind them, when it has been closed. */
FILE *memory_open(char **bytes, size_t *size);
void memory_close(FILE *stream);

/* bytes: how many are wanted at once; 0: nobody knows. */
_Noreturn void memory_out(size_t bytes);

#endif
