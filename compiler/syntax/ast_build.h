/* ast_build: the constructors that the grammar's actions call; private to syntax/ and grammar/.
 *
 * They check what the grammar cannot say (nesting, dotted names, the order of arguments) and report it; what they
 * return is whole all the same. A statement that is only an error is NULL.
 */
#ifndef NNC_SYNTAX_AST_BUILD_H
#define NNC_SYNTAX_AST_BUILD_H

#include "syntax/parser.h"

typedef struct {
    ast_expr *first, *last;
    unsigned depth; /* of the deepest */
} ast_expr_list;

typedef struct {
    ast_argument *first, *last;
    unsigned depth;
} ast_argument_list;

typedef struct {
    ast_pattern *first, *last;
} ast_pattern_list;

typedef struct {
    ast_stmt *first, *last;
} ast_stmt_list;

/* from "…", prefix "…"; string is NULL when it was left out. from (weight="…", …): keys, and no string. */
typedef struct {
    const char *string;
    span where;
    ast_argument *keys;
} ast_from;

ast_expr_list ast_add_expr(ast_expr_list list, ast_expr *e);
ast_argument_list ast_add_argument(ast_argument_list list, ast_argument *a);
ast_pattern_list ast_add_pattern(ast_pattern_list list, ast_pattern *item);
ast_stmt_list ast_add_stmt(ast_stmt_list list, ast_stmt *s); /* s may be NULL */

ast_expr *ast_new_name(parser *p, ast_name name);
ast_expr *ast_new_integer(parser *p, span where, int64_t value);
ast_expr *ast_new_real(parser *p, span where, double value);
ast_expr *ast_new_string(parser *p, span where, const char *value);
ast_expr *ast_new_bool(parser *p, span where, bool value);
ast_expr *ast_new_none(parser *p, span where);
ast_expr *ast_new_ellipsis(parser *p, span where);
ast_expr *ast_new_tuple(parser *p, span where, ast_expr_list items);
/* (a) is just a; (a,) and (a, b) are tuples. */
ast_expr *ast_new_parenthesis(parser *p, span where, ast_expr_list items, bool trailing_comma);
ast_expr *ast_new_call(parser *p, span where, ast_name name, ast_argument_list arguments);
ast_expr *ast_new_index(parser *p, span where, ast_expr *operand, ast_expr_list items);
ast_expr *ast_new_slice(parser *p, span where, ast_expr *lower, ast_expr *upper, ast_expr *step); /* each or NULL */
ast_expr *ast_new_unary(parser *p, span where, ast_expr_kind kind, ast_expr *operand);
ast_expr *ast_new_binary(parser *p, span where, ast_operator op, span op_where, ast_expr *left, ast_expr *right);

ast_argument *ast_new_argument(parser *p, span where, ast_name name, ast_expr *value);
ast_type *ast_new_type(parser *p, span where, ast_name element, ast_expr_list dims);
ast_pattern *ast_new_pattern_name(parser *p, span where, ast_name name, ast_type *type);
/* A trailing comma makes (a,) a pattern of one part; (a) is just a. */
ast_pattern *ast_new_pattern_tuple(parser *p, span where, ast_pattern_list items, bool trailing_comma);

ast_stmt *ast_new_dim(parser *p, span where, ast_name name, ast_expr *lower, ast_expr *upper);
/* Keeps those that are NAME="KEY", and reports the others. */
ast_from ast_new_from_keys(parser *p, span where, ast_argument_list keys);
ast_stmt *ast_new_weights(parser *p, span where, const char *string, span string_where, ast_from prefix);
/* Keeps the strings, and reports what is none. */
ast_stmt *ast_new_weights_list(parser *p, span where, ast_expr_list files, ast_from prefix);
ast_stmt *ast_new_input(parser *p, span where, ast_name name, ast_type *type);
ast_stmt *ast_new_state(parser *p, span where, ast_name name, ast_type *type, ast_expr *value);
ast_stmt *ast_new_param(parser *p, span where, ast_name name, ast_type *type, ast_from from);
ast_stmt *ast_new_layer(parser *p, span where, ast_name name, ast_expr *call, ast_name as, ast_from from);
ast_stmt *ast_new_bind(parser *p, span where, span pattern_where, ast_pattern_list pattern, bool trailing_comma,
                       ast_expr *value);
ast_stmt *ast_new_output(parser *p, span where, ast_name name, ast_type *type, ast_expr *value);
ast_stmt *ast_new_outputs(parser *p, span where, ast_pattern_list names);
ast_stmt *ast_new_collect(parser *p, span where, ast_name name, ast_type *type, ast_expr *value);
ast_stmt *ast_new_target(parser *p, span where, ast_name name, ast_type *type);
ast_stmt *ast_new_loss(parser *p, span where, ast_name name, ast_expr *value);
ast_stmt *ast_new_train(parser *p, span where, ast_expr *call);
/* until may be NULL. The span of both is that of the head. */
ast_stmt *ast_new_repeat_rows(parser *p, span where, ast_pattern_list names, ast_expr_list rows, ast_expr *until,
                              ast_stmt_list body);
ast_stmt *ast_new_repeat_rounds(parser *p, span where, ast_expr *rounds, ast_expr *until, ast_stmt_list body);

/* Statements that are errors as a whole; all give NULL. */
ast_stmt *ast_reject_word_as_name(parser *p, span word);
ast_stmt *ast_reject_reserved(parser *p, span word);
ast_stmt *ast_reject_python(parser *p, span word);

void ast_add_model(parser *p, span where, ast_name name, ast_stmt_list statements);
/* A statement that stands outside of every model: reported, unless s is NULL. */
void ast_outside(parser *p, const ast_stmt *s);
/* A } that closes nothing. */
void ast_stray_brace(parser *p, span where);

#endif
