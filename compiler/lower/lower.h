/* lower: AST -> IR. Names are resolved, layers become operators, every shape is computed and checked.
 *
 * One shape rule an operator (shapes.c), one file for the torch modules (layers.c …). All faults of the file are
 * reported; a model with faults gives no IR. The result passes ir_check. Params have no data yet.
 */
#ifndef NNC_LOWER_LOWER_H
#define NNC_LOWER_LOWER_H

#include "ir/ir.h"
#include "syntax/ast.h"

typedef struct {
    ir_model **models; /* in the file's order */
    size_t count;
} lowered_file;

/* Complete only when diags holds no errors afterwards. */
lowered_file lower_file(arena *a, const ast_file *file, diag_list *diags);

/* What an expression or a bound name came to, for editors: "float32[T, 6]". */
typedef struct {
    span where;
    const char *shows;
} lower_note;

typedef struct {
    lower_note *items;
    size_t count, capacity;
} lower_notes;

/* The same, and a note of each expression and binding that has a value; later ones of one place count. */
lowered_file lower_file_noting(arena *a, const ast_file *file, diag_list *diags, lower_notes *notes);

#endif
