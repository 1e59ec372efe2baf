/* runtime: the embedded runtime's text, and parts of it.
 *
 * The text has blocks, from a line "nnc NAME: begin" in a comment to a line "nnc NAME: end", some of which stand inside
 * of others. A standalone file has those that it uses: a block is written if it and all around it are wanted, and a
 * name that is used wants the block that defines it. */
#ifndef NNC_EMIT_RUNTIME_H
#define NNC_EMIT_RUNTIME_H

#include <stdio.h>

/* The status block, which headers repeat. */
void emit_print_status(FILE *to);
/* What that code uses, without the status block. */
void emit_print_runtime(const char *code, FILE *to);
int emit_runtime_version(void); /* NNC_RUNTIME_VERSION of the embedded runtime */

#endif
