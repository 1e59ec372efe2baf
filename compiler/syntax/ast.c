/* ast: the constructors of the tree (ast_build.h). */
#include "syntax/ast.h"

#include <string.h>

#include "syntax/ast_build.h"

ast_expr_list ast_add_expr(ast_expr_list list, ast_expr *e) {
    if (list.last) list.last->next = e;
    else list.first = e;
    list.last = e;
    if (e->depth > list.depth) list.depth = e->depth;
    return list;
}

ast_argument_list ast_add_argument(ast_argument_list list, ast_argument *a) {
    if (list.last) list.last->next = a;
    else list.first = a;
    list.last = a;
    if (a->value->depth > list.depth) list.depth = a->value->depth;
    return list;
}

ast_pattern_list ast_add_pattern(ast_pattern_list list, ast_pattern *item) {
    if (list.last) list.last->next = item;
    else list.first = item;
    list.last = item;
    return list;
}

ast_stmt_list ast_add_stmt(ast_stmt_list list, ast_stmt *s) {
    if (!s) return list;
    if (list.last) list.last->next = s;
    else list.first = s;
    list.last = s;
    return list;
}

static ast_expr *new_expr(parser *p, ast_expr_kind kind, span where) {
    ast_expr *e = ARENA_NEW(p->arena, ast_expr);
    e->kind = kind;
    e->where = where;
    e->depth = 1;
    return e;
}

/* Counts what is below e. A tree that is too deep is cut off and reported, once in a statement. */
static ast_expr *over(parser *p, ast_expr *e, unsigned depth_below) {
    e->depth = depth_below + 1;
    if (e->depth <= AST_MAX_DEPTH) return e;
    if (!p->statement_broken) {
        span begin = {e->where.begin, e->where.begin};
        diag *d = diag_error(p->diags, begin, "this expression is nested more than %d deep", AST_MAX_DEPTH);
        diag_hint(d, "bind parts of it to names, and use these");
        p->statement_broken = true;
    }
    return new_expr(p, AST_NONE, e->where);
}

static unsigned deeper(unsigned a, unsigned b) { return a > b ? a : b; }

ast_expr *ast_new_name(parser *p, ast_name name) {
    ast_expr *e = new_expr(p, AST_NAME, name.where);
    e->name = name;
    return e;
}

ast_expr *ast_new_integer(parser *p, span where, int64_t value) {
    ast_expr *e = new_expr(p, AST_INTEGER, where);
    e->integer = value;
    return e;
}

ast_expr *ast_new_real(parser *p, span where, double value) {
    ast_expr *e = new_expr(p, AST_REAL, where);
    e->real = value;
    return e;
}

ast_expr *ast_new_string(parser *p, span where, const char *value) {
    ast_expr *e = new_expr(p, AST_STRING, where);
    e->string = value;
    return e;
}

ast_expr *ast_new_bool(parser *p, span where, bool value) {
    ast_expr *e = new_expr(p, AST_BOOL, where);
    e->boolean = value;
    return e;
}

ast_expr *ast_new_none(parser *p, span where) { return new_expr(p, AST_NONE, where); }

ast_expr *ast_new_ellipsis(parser *p, span where) { return new_expr(p, AST_ELLIPSIS, where); }

ast_expr *ast_new_tuple(parser *p, span where, ast_expr_list items) {
    ast_expr *e = new_expr(p, AST_TUPLE, where);
    e->items = items.first;
    return over(p, e, items.depth);
}

ast_expr *ast_new_parenthesis(parser *p, span where, ast_expr_list items, bool trailing_comma) {
    bool just_one = items.first == items.last && !trailing_comma;
    if (!just_one) return ast_new_tuple(p, where, items);
    items.first->parenthesized = true;
    return items.first;
}

/* As Python: a keyword only once, and nothing positional behind a keyword. */
static void check_arguments(parser *p, const ast_argument *first) {
    const ast_argument *keyword = NULL;
    for (const ast_argument *a = first; a; a = a->next) {
        if (a->name.text) {
            keyword = a;
        } else if (keyword) {
            diag *e = diag_error(p->diags, a->where, "a positional argument stands behind a keyword argument");
            diag_note(e, keyword->where, "the keyword argument");
            return;
        }
    }
    size_t count = 0;
    for (const ast_argument *a = first; a; a = a->next) {
        if (!a->name.text) continue;
        if (++count > 64) return; /* no layer or function has as many; each will be told that it is unknown */
        for (const ast_argument *b = first; b != a; b = b->next) {
            if (!b->name.text || strcmp(a->name.text, b->name.text) != 0) continue;
            diag *e = diag_error(p->diags, a->name.where, "%s is given twice", a->name.text);
            diag_note(e, b->where, "first here");
            break;
        }
    }
}

ast_expr *ast_new_call(parser *p, span where, ast_name name, ast_argument_list arguments) {
    ast_expr *e = new_expr(p, AST_CALL, where);
    e->name = name;
    e->arguments = arguments.first;
    check_arguments(p, arguments.first);
    return over(p, e, arguments.depth);
}

ast_expr *ast_new_index(parser *p, span where, ast_expr *operand, ast_expr_list items) {
    ast_expr *e = new_expr(p, AST_INDEX, where);
    e->operand = operand;
    e->items = items.first;
    return over(p, e, deeper(operand->depth, items.depth));
}

ast_expr *ast_new_slice(parser *p, span where, ast_expr *lower, ast_expr *upper, ast_expr *step) {
    ast_expr *e = new_expr(p, AST_SLICE, where);
    e->lower = lower;
    e->upper = upper;
    e->step = step;
    unsigned depth = deeper(lower ? lower->depth : 0, upper ? upper->depth : 0);
    return over(p, e, deeper(depth, step ? step->depth : 0));
}

ast_expr *ast_new_unary(parser *p, span where, ast_expr_kind kind, ast_expr *operand) {
    ast_expr *e = new_expr(p, kind, where);
    e->operand = operand;
    return over(p, e, operand->depth);
}

/* Python reads a < b < c as (a < b) & (b < c); so does nobody here. */
static void check_comparison(parser *p, ast_operator op, span op_where, const ast_expr *left) {
    bool chained = ast_compares(op) && left->kind == AST_BINARY && ast_compares(left->op) && !left->parenthesized;
    if (!chained || p->statement_broken) return;
    diag *e = diag_error(p->diags, op_where, "comparisons are not chained");
    diag_note(e, left->op_where, "the first one is here");
    const ast_expr *between = left->right;
    bool joined = between->kind == AST_BINARY && (between->op == AST_AND || between->op == AST_OR);
    const char *first = ast_operator_text(left->op), *second = ast_operator_text(op);
    if (joined && !between->parenthesized)
        diag_hint(e, "%s binds tighter than a comparison: write (a %s b) %s (c %s d)", ast_operator_text(between->op),
                  first, ast_operator_text(between->op), second);
    else diag_hint(e, "compare two at a time: (a %s b) & (b %s c)", first, second);
    p->statement_broken = true;
}

ast_expr *ast_new_binary(parser *p, span where, ast_operator op, span op_where, ast_expr *left, ast_expr *right) {
    check_comparison(p, op, op_where, left);
    ast_expr *e = new_expr(p, AST_BINARY, where);
    e->op = op;
    e->op_where = op_where;
    e->left = left;
    e->right = right;
    e->chain = left->kind == AST_BINARY ? left->chain + 1 : 1;
    if (e->chain > AST_MAX_CHAIN) {
        if (!p->statement_broken)
            diag_error(p->diags, op_where, "more than %d operators stand in a row", AST_MAX_CHAIN);
        p->statement_broken = true;
        return left;
    }
    /* the left one's operand is as deep in the chain as the right one's */
    return over(p, e, deeper(left->kind == AST_BINARY ? left->depth - 1 : left->depth, right->depth));
}

/* Only layers have dotted names; what is called or read may have one too, if only to be told what to write. */
static void check_plain(parser *p, ast_name name, const char *what) {
    const char *dot = strrchr(name.text, '.');
    if (!dot) return;
    diag *e = diag_error(p->diags, name.where, "the name of %s cannot have a '.'; only a layer's can", what);
    bool digit = dot[1] >= '0' && dot[1] <= '9';
    if (!digit) diag_hint(e, "call it %.60s", dot + 1);
}

/* A statement cannot begin with a word of the language to bind it, and _ drops what it is bound to. */
static void check_bindable(parser *p, ast_name name) {
    bool dropped = strcmp(name.text, "_") == 0;
    if (!dropped && !layout_is_statement_word(name.text)) return;
    diag *e = dropped ? diag_error(p->diags, name.where, "a state cannot be called _: what _ is bound to is dropped")
                      : diag_error(p->diags, name.where,
                                   "a state cannot be called %s: the word begins a statement, so that it cannot be "
                                   "bound",
                                   name.text);
    diag_hint(e, "choose another name, %s for example", dropped ? "h" : arena_printf(p->arena, "%s_", name.text));
}

ast_argument *ast_new_argument(parser *p, span where, ast_name name, ast_expr *value) {
    ast_argument *a = ARENA_NEW(p->arena, ast_argument);
    if (name.text) check_plain(p, name, "an argument");
    a->name = name;
    a->value = value;
    a->where = where;
    return a;
}

ast_type *ast_new_type(parser *p, span where, ast_name element, ast_expr_list dims) {
    ast_type *t = ARENA_NEW(p->arena, ast_type);
    t->element = element;
    t->dims = dims.first;
    t->where = where;
    return t;
}

static ast_pattern *new_pattern(parser *p, span where) {
    ast_pattern *item = ARENA_NEW(p->arena, ast_pattern);
    item->where = where;
    return item;
}

ast_pattern *ast_new_pattern_name(parser *p, span where, ast_name name, ast_type *type) {
    ast_pattern *item = new_pattern(p, where);
    check_plain(p, name, "a value");
    item->name = name;
    item->type = type;
    return item;
}

ast_pattern *ast_new_pattern_tuple(parser *p, span where, ast_pattern_list items, bool trailing_comma) {
    if (items.first == items.last && !trailing_comma) return items.first;
    ast_pattern *item = new_pattern(p, where);
    item->items = items.first;
    return item;
}

static ast_stmt *new_stmt(parser *p, ast_stmt_kind kind, span where, ast_name name) {
    ast_stmt *s = ARENA_NEW(p->arena, ast_stmt);
    s->kind = kind;
    s->where = where;
    s->name = name;
    return s;
}

ast_stmt *ast_new_dim(parser *p, span where, ast_name name, ast_expr *lower, ast_expr *upper) {
    check_plain(p, name, "a dim");
    ast_stmt *s = new_stmt(p, AST_DIM, where, name);
    s->lower = lower;
    s->upper = upper;
    return s;
}

ast_stmt *ast_new_weights(parser *p, span where, const char *string, span string_where, ast_from prefix) {
    ast_stmt *s = new_stmt(p, AST_WEIGHTS, where, (ast_name){0});
    s->string = string;
    s->string_where = string_where;
    s->prefix = prefix.string;
    return s;
}

ast_stmt *ast_new_weights_list(parser *p, span where, ast_expr_list files, ast_from prefix) {
    for (const ast_expr *e = files.first; e; e = e->next) {
        if (e->kind == AST_STRING) continue;
        diag *d = diag_error(p->diags, e->where, "expected the name of a weights file");
        diag_hint(d, "several are written weights (\"base.safetensors\", \"learnt.safetensors\"); the later one wins");
        return NULL;
    }
    ast_stmt *s = ast_new_weights(p, where, files.first->string, files.first->where, prefix);
    s->rows = files.first->next;
    return s;
}

ast_stmt *ast_new_input(parser *p, span where, ast_name name, ast_type *type) {
    check_plain(p, name, "an input");
    ast_stmt *s = new_stmt(p, AST_INPUT, where, name);
    s->type = type;
    return s;
}

ast_stmt *ast_new_state(parser *p, span where, ast_name name, ast_type *type, ast_expr *value) {
    check_plain(p, name, "a state");
    check_bindable(p, name);
    ast_stmt *s = new_stmt(p, AST_STATE, where, name);
    s->type = type;
    s->value = value;
    return s;
}

ast_from ast_new_from_keys(parser *p, span where, ast_argument_list list) {
    ast_argument_list keys = {0};
    check_arguments(p, list.first);
    for (ast_argument *a = list.first, *next; a; a = next) {
        next = a->next;
        a->next = NULL;
        if (a->name.text && a->value->kind == AST_STRING) {
            keys = ast_add_argument(keys, a);
            continue;
        }
        diag *e = diag_error(p->diags, a->where, "expected the key of a tensor, NAME=\"KEY\"");
        if (a->value->kind == AST_STRING && !list.first->next)
            diag_hint(e, "a prefix of all tensors stands without brackets: from \"PREFIX\"");
        else diag_hint(e, "it is written from (weight=\"emb.weight\", bias=\"head.bias\")");
    }
    return (ast_from){NULL, where, keys.first};
}

ast_stmt *ast_new_param(parser *p, span where, ast_name name, ast_type *type, ast_from from) {
    check_plain(p, name, "a param");
    ast_stmt *s = new_stmt(p, AST_PARAM, where, name);
    s->type = type;
    s->string = from.string;
    s->string_where = from.where;
    if (from.keys) {
        diag *e = diag_error(p->diags, from.where, "a param is one tensor");
        diag_hint(e, "its key stands without brackets: from \"%.60s\"", from.keys->value->string);
    }
    return s;
}

ast_stmt *ast_new_layer(parser *p, span where, ast_name name, ast_expr *call, ast_name as, ast_from from) {
    ast_stmt *s = new_stmt(p, AST_LAYER, where, name);
    s->value = call;
    s->weights = as;
    s->string = from.string;
    s->string_where = from.where;
    s->keys = from.keys;
    return s;
}

ast_stmt *ast_new_bind(parser *p, span where, span pattern_where, ast_pattern_list pattern, bool trailing_comma,
                       ast_expr *value) {
    ast_stmt *s = new_stmt(p, AST_BIND, where, (ast_name){0});
    /* (a, b) = … is a, b = …, and a, = … takes the one part of a tuple. */
    ast_pattern *only = pattern.first == pattern.last ? pattern.first : NULL;
    if (only && trailing_comma) s->pattern = ast_new_pattern_tuple(p, pattern_where, pattern, true);
    else if (only && only->items && only->items->next) s->pattern = only->items;
    else s->pattern = pattern.first;
    s->value = value;
    return s;
}

ast_stmt *ast_new_output(parser *p, span where, ast_name name, ast_type *type, ast_expr *value) {
    check_plain(p, name, "an output");
    ast_stmt *s = new_stmt(p, AST_OUTPUT, where, name);
    s->type = type;
    s->value = value;
    return s;
}

ast_stmt *ast_new_outputs(parser *p, span where, ast_pattern_list names) {
    ast_stmt *s = new_stmt(p, AST_OUTPUTS, where, (ast_name){0});
    s->pattern = names.first;
    return s;
}

ast_stmt *ast_new_collect(parser *p, span where, ast_name name, ast_type *type, ast_expr *value) {
    check_plain(p, name, "a value");
    ast_stmt *s = new_stmt(p, AST_COLLECT, where, name);
    s->type = type;
    s->value = value;
    return s;
}

ast_stmt *ast_new_target(parser *p, span where, ast_name name, ast_type *type) {
    check_plain(p, name, "a target");
    ast_stmt *s = new_stmt(p, AST_TARGET, where, name);
    s->type = type;
    return s;
}

ast_stmt *ast_new_loss(parser *p, span where, ast_name name, ast_expr *value) {
    check_plain(p, name, "a loss");
    ast_stmt *s = new_stmt(p, AST_LOSS, where, name);
    s->value = value;
    return s;
}

ast_stmt *ast_new_train(parser *p, span where, ast_expr *call) {
    ast_stmt *s = new_stmt(p, AST_TRAIN, where, (ast_name){0});
    s->value = call;
    return s;
}

static ast_stmt *new_repeat(parser *p, span where, const ast_expr *last, ast_expr *until, ast_stmt_list body) {
    where.end = until ? until->where.end : last->where.end;
    ast_stmt *s = new_stmt(p, AST_REPEAT, where, (ast_name){0});
    s->value = until;
    s->body = body.first;
    return s;
}

ast_stmt *ast_new_repeat_rows(parser *p, span where, ast_pattern_list names, ast_expr_list rows, ast_expr *until,
                              ast_stmt_list body) {
    ast_stmt *s = new_repeat(p, where, rows.last, until, body);
    s->pattern = names.first;
    s->rows = rows.first;
    return s;
}

ast_stmt *ast_new_repeat_rounds(parser *p, span where, ast_expr *rounds, ast_expr *until, ast_stmt_list body) {
    ast_stmt *s = new_repeat(p, where, rounds, until, body);
    s->lower = rounds;
    return s;
}

void ast_add_model(parser *p, span where, ast_name name, ast_stmt_list statements) {
    check_plain(p, name, "a model");
    ast_model *m = ARENA_NEW(p->arena, ast_model);
    m->name = name;
    m->where = where;
    m->statements = statements.first;
    if (p->last_model) p->last_model->next = m;
    else p->file->models = m;
    p->last_model = m;
    p->model_head_broken = p->outside_reported = false;
}
