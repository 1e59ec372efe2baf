/* expression: a node of the import's graph as an expression of the language, a known value as a literal or a param. */
#ifndef NNC_IMPORT_EXPRESSION_H
#define NNC_IMPORT_EXPRESSION_H

#include "import/write.h"
#include "support/name_set.h"

/* The text on its way. */
typedef struct {
    graph *g;
    arena *arena;
    written *to;
    const write_names *names;
    name_set *values, *layers;
    text statements, params;
    unsigned depth; /* of blocks */
} writer;

/* How tightly an expression binds, as in Python. */
enum { LOOSE, COMPARISON, BIT_OR, BIT_AND, SUM, PRODUCT, SIGN, POWER, TIGHT };

/* Its operands have texts, or are known. *precedence: of the expression. */
const char *write_expression(writer *w, const node *n, int *precedence);
/* The value's text, in parentheses if it binds less than is needed. What is known gets its text here. */
const char *write_operand(writer *w, value *v, int at_least);

/* An LSTM, GRU or RNN: it may have first states and lengths, and has several results. */
bool layer_is_recurrent(const layer *l);

#endif
