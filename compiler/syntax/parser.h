/* parser: what the parts of the front end share while one file is parsed; private to syntax/ and grammar/.
 *
 *     grammar/nnc.l -> layout -> grammar/nnc.y -> ast_build -> AST
 *
 * The lexer knows characters only. The layout between it and the grammar knows lines and brackets: which line ends end
 * a statement, where a word is a word of the language, which bracket was never closed. The grammar's actions only call
 * the constructors of ast_build.h. A syntax error that the grammar finds is put into words by syntax_error.c.
 */
#ifndef NNC_SYNTAX_PARSER_H
#define NNC_SYNTAX_PARSER_H

#include "syntax/ast.h"

typedef struct layout layout;

typedef struct parser {
    arena *arena;
    const source *source;
    diag_list *diags;
    void *scanner; /* of flex */
    size_t offset; /* where the lexer stands */
    layout *layout;
    bool statement_broken;  /* an error of the present statement is reported; what follows from it is kept quiet */
    bool model_head_broken; /* statements outside of a model are not the user's fault: their model's head is broken */
    bool outside_reported;  /* of several statements outside of a model only the first is reported */
    ast_file *file;
    ast_model *last_model;
} parser;

/* Makes the scanner and the layout of a parser that has an arena, a source of at most INT_MAX / 2 bytes, and diags. */
void parser_begin(parser *p);
void parser_end(parser *p);

/* The grammar's entry point; 0 when it came to the end of the file, whatever was reported on the way. */
int nnc_parse(parser *p);

/* Literals as the lexer cut them out. False, and an error is reported, when the value cannot be had. */
bool lexical_integer(parser *p, span where, int64_t *value);
bool lexical_real(parser *p, span where, double *value);
bool lexical_string(parser *p, span where, const char **value); /* `where` includes the quotes */

/* Reports characters that make no token, behind one of this kind: what they are, and what was probably meant. */
void lexical_error(parser *p, span where, int before);

layout *layout_new(parser *p);
/* Whether a statement that begins with this name is none that binds it: a word of the language, or a reserved one. */
bool layout_is_statement_word(const char *name);

/* The token that was read last, and what stands before it. */
typedef struct {
    int token, previous;  /* kinds; 0 where there is none */
    span where;           /* of the token */
    span previous_where;
    int statement_first;  /* kind of the token that the present statement begins with */
    span statement_where; /* of that token */
    size_t place;         /* how many tokens of the statement stand before this one */
    bool in_brackets;     /* before the token */
    span opener;          /* the innermost open bracket, when in_brackets */
} layout_context;
layout_context layout_where(const layout *l);

/* The token that was read last does not fit; `expected` are the names of those that would have. */
void syntax_error(parser *p, const char *const *expected, size_t count);

#endif
