/* ast_text: the tree as text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/ast.h"

static void add_string(text *to, const char *s) {
    text_add(to, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') text_printf(to, "\\%c", c);
        else if (c == '\n') text_add(to, "\\n");
        else if (c == '\t') text_add(to, "\\t");
        else if (c == '\r') text_add(to, "\\r");
        else if (c < 0x20 || c == 0x7F) text_printf(to, "\\x%02x", (unsigned)c);
        else text_add_n(to, s, 1);
    }
    text_add(to, "\"");
}

/* The shortest decimal number that reads back as the same value, and as a real one. */
static void add_real(text *to, double value) {
    if (isinf(value)) {
        text_add(to, "inf");
        return;
    }
    char digits[40];
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) >= value && strtod(digits, NULL) <= value) break;
    }
    text_add(to, digits);
    if (!strpbrk(digits, ".e")) text_add(to, ".0");
}

/* How tightly an expression holds together; what stands in a tighter place needs parentheses. */
enum { LOOSE, COMPARISON, EITHER, BOTH, SUM, PRODUCT, SIGN, POWER, TIGHT };

static const struct {
    const char *text;
    int tightness;
} operators[] = {
    [AST_ADD] = {"+", SUM},
    [AST_SUB] = {"-", SUM},
    [AST_MUL] = {"*", PRODUCT},
    [AST_DIV] = {"/", PRODUCT},
    [AST_FLOORDIV] = {"//", PRODUCT},
    [AST_REMAINDER] = {"%", PRODUCT},
    [AST_MATMUL] = {"@", PRODUCT},
    [AST_POW] = {"**", POWER},
    [AST_AND] = {"&", BOTH},
    [AST_OR] = {"|", EITHER},
    [AST_EQUAL] = {"==", COMPARISON},
    [AST_NOT_EQUAL] = {"!=", COMPARISON},
    [AST_LESS] = {"<", COMPARISON},
    [AST_LESS_EQUAL] = {"<=", COMPARISON},
    [AST_GREATER] = {">", COMPARISON},
    [AST_GREATER_EQUAL] = {">=", COMPARISON},
};

const char *ast_operator_text(ast_operator op) {
    if ((unsigned)op >= sizeof operators / sizeof *operators) ice("an unknown operator (%d)", (int)op);
    return operators[op].text;
}

/* ---- as source ---- */

static int tightness(const ast_expr *e) {
    if (e->kind == AST_NEGATE || e->kind == AST_INVERT) return SIGN;
    return e->kind == AST_BINARY ? operators[e->op].tightness : TIGHT;
}

static void print_in(const ast_expr *e, int place, text *to);

static void print_items(const ast_expr *items, text *to) {
    for (const ast_expr *e = items; e; e = e->next) {
        if (e != items) text_add(to, ", ");
        print_in(e, LOOSE, to);
    }
}

static void print_call(const ast_expr *e, text *to) {
    text_printf(to, "%s(", e->name.text);
    for (const ast_argument *a = e->arguments; a; a = a->next) {
        if (a != e->arguments) text_add(to, ", ");
        if (a->name.text) text_printf(to, "%s=", a->name.text);
        print_in(a->value, LOOSE, to);
    }
    text_add(to, ")");
}

static void print_slice(const ast_expr *e, text *to) {
    if (e->lower) print_in(e->lower, LOOSE, to);
    text_add(to, ":");
    if (e->upper) print_in(e->upper, LOOSE, to);
    if (!e->step) return;
    text_add(to, ":");
    print_in(e->step, LOOSE, to);
}

static void print_binary(const ast_expr *e, text *to) {
    int own = tightness(e);
    /* ** binds to the right, and may have a sign there; the others bind to the left, but comparisons do not chain. */
    print_in(e->left, e->op == AST_POW ? TIGHT : own == COMPARISON ? own + 1 : own, to);
    text_printf(to, " %s ", ast_operator_text(e->op));
    print_in(e->right, e->op == AST_POW ? SIGN : own + 1, to);
}

static void print_bare(const ast_expr *e, text *to) {
    switch (e->kind) {
    case AST_NAME: text_add(to, e->name.text); break;
    case AST_INTEGER: text_printf(to, "%lld", (long long)e->integer); break;
    case AST_REAL: add_real(to, e->real); break;
    case AST_STRING: add_string(to, e->string); break;
    case AST_BOOL: text_add(to, e->boolean ? "True" : "False"); break;
    case AST_NONE: text_add(to, "None"); break;
    case AST_ELLIPSIS: text_add(to, "..."); break;
    case AST_TUPLE:
        text_add(to, "(");
        print_items(e->items, to);
        text_add(to, e->items && !e->items->next ? ",)" : ")");
        break;
    case AST_CALL: print_call(e, to); break;
    case AST_INDEX:
        print_in(e->operand, TIGHT, to);
        text_add(to, "[");
        print_items(e->items, to);
        text_add(to, "]");
        break;
    case AST_SLICE: print_slice(e, to); break;
    case AST_NEGATE:
        text_add(to, "-");
        print_in(e->operand, SIGN, to);
        break;
    case AST_INVERT:
        text_add(to, "~");
        print_in(e->operand, SIGN, to);
        break;
    case AST_BINARY: print_binary(e, to); break;
    }
}

static void print_in(const ast_expr *e, int place, text *to) {
    bool parentheses = tightness(e) < place;
    if (parentheses) text_add(to, "(");
    print_bare(e, to);
    if (parentheses) text_add(to, ")");
}

void ast_print_expr(const ast_expr *e, text *to) { print_in(e, LOOSE, to); }

/* ---- as a tree ---- */

/* A chain of operators is as deep as it is long: beyond what people read, the level is a number. */
static void indent(text *to, int level) {
    enum { DEEPEST = 100 };
    if (level <= DEEPEST) text_printf(to, "%*s", 2 * level, "");
    else text_printf(to, "%*s%d: ", 2 * DEEPEST, "", level);
}

static void dump_expr(const ast_expr *e, int level, text *to);

static void dump_items(const ast_expr *items, int level, text *to) {
    for (const ast_expr *e = items; e; e = e->next) dump_expr(e, level, to);
}

static void dump_arguments(const ast_argument *first, int level, text *to) {
    for (const ast_argument *a = first; a; a = a->next) {
        if (!a->name.text) {
            dump_expr(a->value, level, to);
            continue;
        }
        indent(to, level);
        text_printf(to, "argument %s\n", a->name.text);
        dump_expr(a->value, level + 1, to);
    }
}

static void dump_bound(const char *label, const ast_expr *bound, int level, text *to) {
    if (!bound) return;
    indent(to, level);
    text_printf(to, "%s\n", label);
    dump_expr(bound, level + 1, to);
}

static void dump_leaf(const char *kind, const ast_expr *e, text *to) {
    text_printf(to, "%s ", kind);
    print_bare(e, to);
    text_add(to, "\n");
}

static void dump_expr(const ast_expr *e, int level, text *to) {
    indent(to, level);
    switch (e->kind) {
    case AST_NAME: dump_leaf("name", e, to); break;
    case AST_INTEGER: dump_leaf("integer", e, to); break;
    case AST_REAL: dump_leaf("real", e, to); break;
    case AST_STRING: dump_leaf("string", e, to); break;
    case AST_BOOL: text_add(to, e->boolean ? "true\n" : "false\n"); break;
    case AST_NONE: text_add(to, "none\n"); break;
    case AST_ELLIPSIS: text_add(to, "...\n"); break;
    case AST_TUPLE:
        text_add(to, "tuple\n");
        dump_items(e->items, level + 1, to);
        break;
    case AST_CALL:
        text_printf(to, "call %s\n", e->name.text);
        dump_arguments(e->arguments, level + 1, to);
        break;
    case AST_INDEX:
        text_add(to, "index\n");
        dump_expr(e->operand, level + 1, to);
        dump_items(e->items, level + 1, to);
        break;
    case AST_SLICE:
        text_add(to, "slice\n");
        dump_bound("lower", e->lower, level + 1, to);
        dump_bound("upper", e->upper, level + 1, to);
        dump_bound("step", e->step, level + 1, to);
        break;
    case AST_NEGATE:
    case AST_INVERT:
        text_add(to, e->kind == AST_NEGATE ? "negate\n" : "invert\n");
        dump_expr(e->operand, level + 1, to);
        break;
    case AST_BINARY:
        text_printf(to, "%s\n", ast_operator_text(e->op));
        dump_expr(e->left, level + 1, to);
        dump_expr(e->right, level + 1, to);
        break;
    }
}

static void dump_type(const ast_type *t, int level, text *to) {
    if (!t) return;
    indent(to, level);
    text_printf(to, "type %s\n", t->element.text);
    dump_items(t->dims, level + 1, to);
}

static void dump_patterns(const ast_pattern *first, int level, text *to) {
    for (const ast_pattern *item = first; item; item = item->next) {
        indent(to, level);
        if (item->name.text) text_printf(to, "to %s\n", item->name.text);
        else text_add(to, "to a tuple\n");
        dump_type(item->type, level + 1, to);
        dump_patterns(item->items, level + 1, to);
    }
}

/* A word and a string that may stand behind a statement; NULL: they do not. */
static void dump_tail(const char *word, const char *string, int level, text *to) {
    if (!string) return;
    indent(to, level);
    text_printf(to, "%s ", word);
    add_string(to, string);
    text_add(to, "\n");
}

static void dump_stmt(const ast_stmt *s, int level, text *to);

static void dump_repeat(const ast_stmt *s, int level, text *to) {
    if (s->rows) {
        indent(to, level);
        text_add(to, "in\n");
        dump_items(s->rows, level + 1, to);
    }
    dump_bound("until", s->value, level, to);
    for (const ast_stmt *inner = s->body; inner; inner = inner->next) dump_stmt(inner, level, to);
}

static void dump_stmt(const ast_stmt *s, int level, text *to) {
    static const char *const kinds[] = {
        [AST_DIM] = "dim",     [AST_WEIGHTS] = "weights", [AST_INPUT] = "input",
        [AST_STATE] = "state", [AST_PARAM] = "param",     [AST_LAYER] = "layer",
        [AST_BIND] = "bind",   [AST_OUTPUT] = "output",   [AST_OUTPUTS] = "outputs",
        [AST_REPEAT] = "repeat", [AST_COLLECT] = "collect", [AST_TARGET] = "target",
        [AST_LOSS] = "loss",   [AST_TRAIN] = "train",
    };
    indent(to, level);
    text_add(to, kinds[s->kind]);
    if (s->name.text) text_printf(to, " %s", s->name.text);
    if (s->kind == AST_WEIGHTS) {
        text_add(to, " ");
        add_string(to, s->string);
        for (const ast_expr *e = s->rows; e; e = e->next) {
            text_add(to, " ");
            add_string(to, e->string);
        }
    }
    text_add(to, "\n");
    dump_patterns(s->pattern, level + 1, to);
    if (s->upper) {
        dump_bound("from", s->lower, level + 1, to);
        dump_bound("to", s->upper, level + 1, to);
    } else if (s->lower) {
        dump_expr(s->lower, level + 1, to);
    }
    dump_type(s->type, level + 1, to);
    if (s->kind == AST_REPEAT) dump_repeat(s, level + 1, to);
    else if (s->value) dump_expr(s->value, level + 1, to);
    if (s->weights.text) {
        indent(to, level + 1);
        text_printf(to, "as %s\n", s->weights.text);
    }
    if (s->kind == AST_LAYER || s->kind == AST_PARAM) dump_tail("from", s->string, level + 1, to);
    if (s->keys) {
        indent(to, level + 1);
        text_add(to, "from\n");
        dump_arguments(s->keys, level + 2, to);
    }
    dump_tail("prefix", s->prefix, level + 1, to);
}

void ast_dump(const ast_file *file, text *to) {
    for (const ast_model *m = file->models; m; m = m->next) {
        text_printf(to, "model %s\n", m->name.text);
        for (const ast_stmt *s = m->statements; s; s = s->next) dump_stmt(s, 1, to);
    }
}
