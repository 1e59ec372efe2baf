/* banner: what the two generated files share: the first comment, and signatures that are too long for a line. */
#ifndef NNC_EMIT_BANNER_H
#define NNC_EMIT_BANNER_H

#include "emit/emit.h"

/* Scratch is aligned inside the struct to this many floats, a vector of the widest instruction set. */
enum { EMIT_SCRATCH_ALIGNMENT = 16 };

void emit_print_banner(const emit_options *o, const char *file_name, FILE *to);
/* A comment that says which layers' matrices are kept in fewer bits; nothing where none are. */
void emit_print_formats(const ir_model *m, FILE *to);
/* head + list + tail in lines of at most C_WIDTH columns, broken after commas, continued under the first argument. */
void emit_print_wrapped(FILE *to, const char *head, const char *list, const char *tail);

#endif
