/* tokens: the tokens and comments of a .nn file as they are written, for those who look at the text
 * itself: nnc fmt. */
#ifndef NNC_SYNTAX_TOKENS_H
#define NNC_SYNTAX_TOKENS_H

#include <stdbool.h>

#include "support/diag.h"

typedef enum {
    TOKEN_WORD, /* of the language, where it is one: model, layer, from, in, as */
    TOKEN_NAME,
    TOKEN_LITERAL, /* a number, true, none */
    TOKEN_STRING,
    TOKEN_OPERATOR, /* of two operands */
    TOKEN_SIGN,     /* - and ~ before one */
    TOKEN_MARK,     /* = : , .. and brackets */
    TOKEN_COMMENT,  /* to the end of its line, without blanks there */
    TOKEN_LINE_END  /* where a statement ends that no brace ends */
} token_kind;

typedef struct {
    token_kind kind;
    span where;   /* of a TOKEN_LINE_END: empty, behind the statement */
    size_t lines; /* line ends between it and what stands before it */
} token;

typedef struct {
    token *items;
    size_t count, capacity;
} token_list;

/* Of a source that parse_file found no fault with. */
token_list tokens_of(arena *a, const source *s);
/* The text of a token is this mark, operator or word. */
bool token_is(const source *s, const token *t, const char *written);

#endif
