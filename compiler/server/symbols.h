/* symbols: the names in a .nn file, and which of them are the same thing. */
#ifndef NNC_SERVER_SYMBOLS_H
#define NNC_SERVER_SYMBOLS_H

#include "syntax/ast.h"

typedef enum {
    SYMBOL_MODEL,
    SYMBOL_VALUE, /* dims, inputs, states, params, and what is bound */
    SYMBOL_LAYER,
    SYMBOL_CALLEE /* a function, or a kind of layer: not the file's own */
} symbol_space;

typedef struct {
    symbol_space space;
    const char *name;
    span where;
    const ast_model *model;
    const ast_stmt
        *made_by; /* the statement that declares or binds it here; NULL where it is used */
} symbol;

typedef struct {
    symbol *items; /* in no order */
    size_t count, capacity;
} symbol_list;

symbol_list symbols_of(arena *a, const ast_file *file);
/* The name at this place, or right before it; or NULL. */
const symbol *symbol_at(const symbol_list *list, size_t offset);
/* Whether a statement declares what it names, as dim and layer do, and binds no value. */
bool symbol_declares(const ast_stmt *s);
bool symbol_same(const symbol *a, const symbol *b);
/* Where it is declared, or was bound last before this place; or NULL. */
const symbol *symbol_origin(const symbol_list *list, const symbol *s);
/* The model that a place is in; or NULL. */
const ast_model *model_at(const ast_file *file, size_t offset);

#endif
