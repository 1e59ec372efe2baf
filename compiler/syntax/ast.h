/* ast: what a .nn file says, as written; no name is resolved and no shape is known here.
 *
 * Nodes are made by the parser, live in its arena and are never changed afterwards. Every node has the span of its
 * source text; names have spans of their own, so that a caret can stand under just the part at fault. Lists are
 * singly linked through `next`, in source order.
 */
#ifndef NNC_SYNTAX_AST_H
#define NNC_SYNTAX_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "support/diag.h"
#include "support/text.h"

typedef struct {
    const char *text; /* never NULL in a finished AST; may be dotted ("model.layers.0") */
    span where;
} ast_name;

typedef enum {
    AST_NAME,     /* name */
    AST_INTEGER,  /* integer */
    AST_REAL,     /* real; inf too */
    AST_STRING,   /* string */
    AST_BOOL,     /* boolean */
    AST_NONE,     /* none / None */
    AST_TUPLE,    /* items: (a, b), [a, b]; () and (a,) are tuples too */
    AST_CALL,     /* name(arguments): a layer or a function; which one is not known here */
    AST_INDEX,    /* operand[items]; items may be AST_SLICE, AST_ELLIPSIS, AST_NONE */
    AST_SLICE,    /* lower:upper:step, each may be NULL; only inside AST_INDEX */
    AST_ELLIPSIS, /* ...; only inside AST_INDEX */
    AST_NEGATE,   /* - operand */
    AST_INVERT,   /* ~ operand */
    AST_BINARY    /* left op right */
} ast_expr_kind;

typedef enum {
    AST_ADD, AST_SUB, AST_MUL, AST_DIV, AST_FLOORDIV, AST_REMAINDER, AST_MATMUL, AST_POW, AST_AND, AST_OR,
    AST_EQUAL, AST_NOT_EQUAL, AST_LESS, AST_LESS_EQUAL, AST_GREATER, AST_GREATER_EQUAL
} ast_operator;

const char *ast_operator_text(ast_operator op); /* "+", "<=" */
static inline bool ast_compares(ast_operator op) { return op >= AST_EQUAL; }

/* No expression nests deeper than this (the parser reports it), so that walks over the tree may recurse. A chain of
 * operators, a + b + c, is no nesting, though its tree leans to the left; walks that take much of the stack loop there.
 */
enum { AST_MAX_DEPTH = 200, AST_MAX_CHAIN = 10000 };

typedef struct ast_expr ast_expr;
typedef struct ast_argument ast_argument;

struct ast_expr {
    ast_expr_kind kind;
    span where;         /* the whole expression */
    unsigned depth;     /* 1 for a leaf, else 1 + that of the deepest part; at most AST_MAX_DEPTH */
    unsigned chain;     /* AST_BINARY: of how many operators in a row this is the last; at most AST_MAX_CHAIN */
    ast_expr *next;     /* in a list of items */
    ast_name name;      /* AST_NAME, AST_CALL */
    int64_t integer;    /* AST_INTEGER */
    double real;        /* AST_REAL */
    const char *string; /* AST_STRING: the bytes between the quotes, escapes resolved, 0-terminated, no 0 inside */
    bool boolean;
    ast_expr *items;         /* AST_TUPLE, AST_INDEX */
    ast_argument *arguments; /* AST_CALL */
    ast_expr *operand;       /* AST_INDEX, AST_NEGATE, AST_INVERT */
    ast_expr *lower, *upper, *step;
    ast_operator op;
    span op_where; /* the operator's own characters */
    bool parenthesized; /* AST_BINARY: it stood in ( ) */
    ast_expr *left, *right;
};

struct ast_argument {
    ast_name name; /* text is NULL for a positional argument */
    ast_expr *value;
    span where;
    ast_argument *next;
};

/* TYPE[d, …]; dims are expressions of integers and dim names. */
typedef struct {
    ast_name element; /* "float32" or "int32", or whatever else was written */
    ast_expr *dims;   /* a list through next; NULL for a scalar, float32[] */
    span where;
} ast_type;

typedef struct ast_pattern ast_pattern;
struct ast_pattern {
    span where;
    ast_name name;      /* a name or "_"; text is NULL for a nested pattern */
    ast_pattern *items; /* of a nested pattern (a, b) */
    ast_type *type;     /* a written shape on a bare name, or NULL */
    ast_pattern *next;
};

typedef enum {
    AST_DIM,     /* dim NAME = lower..upper (both set), or dim NAME = value (lower only) */
    AST_WEIGHTS, /* weights "string" prefix "prefix"; prefix is NULL when not given; of several files, the first is the
                    string, and rows are the others: AST_STRINGs through next */
    AST_INPUT,   /* input NAME: type */
    AST_STATE,   /* state NAME: type = value; value may be NULL */
    AST_PARAM,   /* param NAME: type from "key"; string is NULL when not given */
    AST_LAYER,  /* layer NAME = value(…) as WEIGHTS from "prefix", or from (weight="key"): keys; value is an AST_CALL;
                   weights.text and string are NULL when not given */
    AST_BIND,   /* pattern = value; pattern is a list through next: a, (b, c) = … */
    AST_OUTPUT, /* output NAME (: type) = value */
    AST_OUTPUTS, /* output a, b: names */
    AST_REPEAT,  /* repeat pattern in rows until value { body }, or repeat lower until value { body }; value may be NULL
                  */
    AST_COLLECT, /* collect NAME (: type) = value */
    AST_TARGET,  /* target NAME: type */
    AST_LOSS,    /* loss NAME = value */
    AST_TRAIN    /* train value; an AST_CALL */
} ast_stmt_kind;

typedef struct ast_stmt ast_stmt;
struct ast_stmt {
    ast_stmt_kind kind;
    span where;
    ast_stmt *next;
    ast_name name;
    ast_expr *lower, *upper; /* AST_DIM; AST_REPEAT: lower is the number of rounds */
    ast_type *type;
    ast_expr *value;
    const char *string;
    span string_where;
    ast_name weights;     /* AST_LAYER: the word behind `as` */
    ast_argument *keys;   /* AST_LAYER: of single tensors, each with a name and an AST_STRING */
    const char *prefix;   /* AST_WEIGHTS */
    ast_pattern *pattern; /* AST_BIND; AST_OUTPUTS, AST_REPEAT: a list of bare names */
    ast_expr *rows;       /* AST_REPEAT, AST_WEIGHTS: a list through next, or NULL */
    ast_stmt *body;       /* AST_REPEAT */
};

typedef struct ast_model ast_model;
struct ast_model {
    ast_name name;
    span where;
    ast_stmt *statements;
    ast_model *next;
};

typedef struct {
    const source *source;
    ast_model *models; /* at least one when parsing gave no error */
} ast_file;

/* The whole file as indented text, one node a line, without spans; --dump=ast. */
void ast_dump(const ast_file *file, text *to);
/* An expression as it could be written in a .nn file (for messages and comments). */
void ast_print_expr(const ast_expr *e, text *to);

#endif
