/* parse: a .nn file's text -> AST, by the grammar in grammar/. */
#ifndef NNC_SYNTAX_PARSE_H
#define NNC_SYNTAX_PARSE_H

#include "syntax/ast.h"

/* Never NULL: statements that do not parse are reported to `diags` and left out, and parsing goes on with the next
 * one. Nodes live in `a` and point into the source. Reentrant. */
ast_file *parse_file(arena *a, const source *s, diag_list *diags);

#endif
