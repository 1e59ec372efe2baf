/* format_line: one line of the canonical form, which may be broken within its brackets; private to
 * format.c. */
#ifndef NNC_SYNTAX_FORMAT_LINE_H
#define NNC_SYNTAX_FORMAT_LINE_H

#include "support/text.h"
#include "syntax/tokens.h"

typedef struct {
    const token *tokens; /* comments among them stand in brackets, or are the whole line */
    size_t count;
    size_t depth;         /* of blocks */
    bool apart;           /* an empty line stands before it */
    size_t name_width;    /* of a layer: what its name is widened to */
    const token *comment; /* behind it, or NULL */
} format_line;

void format_add_line(arena *a, const source *s, const format_line *line, text *to);

#endif
