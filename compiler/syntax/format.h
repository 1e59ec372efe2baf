/* format: the canonical form of a .nn file.
 *
 * It depends on tokens, comments and which lines are empty, and on nothing else of the layout:
 *  - a statement is a line, four blanks a block deep; one empty line stays where there were some,
 * none where a block begins or ends, and one stands between models;
 *  - what does not fit into 100 columns is broken within its brackets, behind commas first, below
 * the opening bracket;
 *  - one blank around = and operators, none around = of an argument, none around operators between
 * the square brackets of an index or a shape: x[:, 1:N+1];
 *  - the = of layers one below the other stand in one column, but of names beyond 40 characters;
 *  - comments are kept; one behind a statement begins in column 51, or two blanks behind a longer
 * one;
 *  - strings stand in double quotes; True, False and None are written so.
 */
#ifndef NNC_SYNTAX_FORMAT_H
#define NNC_SYNTAX_FORMAT_H

#include "support/source.h"
#include "support/text.h"

/* Of a source that parse_file found no fault with. The result says what the source says: held by
 * reading it again. */
void format_source(arena *a, const source *s, text *to);

#endif
