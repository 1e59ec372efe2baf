/* ctree_nodes: the nodes behind ctree.h, for the files that build, rename and print them; nobody else includes it. */
#ifndef NNC_CTREE_CTREE_NODES_H
#define NNC_CTREE_CTREE_NODES_H

#include "ctree/ctree.h"
#include "support/name_set.h"

typedef enum {
    CEXPR_NAME, CEXPR_INT, CEXPR_FLOAT, CEXPR_BINARY, CEXPR_UNARY, CEXPR_INDEX, CEXPR_MEMBER, CEXPR_CAST,
    CEXPR_CONDITIONAL, CEXPR_CALL
} cexpr_kind;

struct cexpr {
    cexpr_kind kind;
    const char *text;       /* NAME, CALL: the name; BINARY, UNARY: the operator; MEMBER: the member; CAST: the type */
    int64_t integer;
    float real;
    bool arrow;
    cexpr *first, *second, *third;
    cexpr **arguments;
    unsigned argument_count;
};

typedef enum {
    CSTMT_DECLARE,
    CSTMT_ARRAY,
    CSTMT_ASSIGN,
    CSTMT_DO,
    CSTMT_RETURN,
    CSTMT_BREAK,
    CSTMT_COMMENT,
    CSTMT_LINE,
    CSTMT_BLANK,
    CSTMT_FOR,
    CSTMT_FOR_DOWN,
    CSTMT_IF,
    CSTMT_SCOPE
} cstmt_kind;

typedef struct cstmt cstmt;
struct cstmt {
    cstmt_kind kind;
    const char *type;       /* DECLARE, ARRAY; ASSIGN: the operator */
    const char *name;       /* DECLARE, ARRAY, FOR; COMMENT, LINE: the text */
    cexpr *from, *to;       /* FOR; DECLARE, ASSIGN, DO, RETURN, IF use `from` (ASSIGN: target) and `to` (value) */
    int64_t number;         /* ARRAY: elements; FOR: step */
    cblock *body, *other;   /* FOR, IF, SCOPE; IF's else */
    cstmt *next;
};

struct cblock {
    cunit *unit;
    cstmt *first, *last;
};

typedef struct {
    const char *type, *name;
} cparameter;

struct cfunction {
    cunit *unit;
    const char *type, *name, *comment;
    cparameter *parameters;
    size_t parameter_count, parameter_capacity;
    cblock *body;
};

typedef struct {
    const char *name, *comment;
    size_t elements;
    ctable_style style;
    ctable_fill *fill;
    void *context;
} ctable;

typedef enum { CTOP_LINE, CTOP_BLANK, CTOP_FUNCTION, CTOP_ENUM, CTOP_TABLE, CTOP_WEIGHTS } ctop_kind;

typedef struct ctop ctop;
struct ctop {
    ctop_kind kind;
    const char *text;       /* LINE; ENUM: the name */
    int64_t value;          /* ENUM */
    cfunction *function;
    ctable *table;
    ctop *next;
};

struct cunit {
    arena *arena;
    ctop *first, *last;
    name_set *shared; /* names of functions that ended shared, by their text */
    const char *section; /* of tables; or NULL */
    const char *weights_type; /* of weights beside the code, or NULL */
    cexpr *weights;           /* the pointer to them, one node wherever it stands: its name is set at last */
    ctable **beside;
    size_t beside_count, beside_capacity;
};

/* cprint_words.c: a comment, its words filled into lines; a "\n" in it starts a new one. */
void ccomment_print(FILE *to, int indent, const char *comment);
void cdouble_print(double value, char *to); /* as cfloat_print, "0.5"; room for 48 bytes */
void cdeclarator_add(text *to, const char *type, const char *name); /* "float x", "float *x" */
/* cprint_table.c */
static inline bool ctable_is_bits(ctable_style s) { return s == CTABLE_BITS || s >= CTABLE_U8_BITS; }
size_t ctable_bytes(const ctable *t); /* what it takes in the program */
void ctable_print(const ctable *t, const char *section, FILE *to);
size_t ctable_element_bytes(const ctable *t);
const char *ctable_type(const ctable *t); /* of an element: "float" */
/* Beside the code a table takes whole lines of the cache: no compiler puts anything between two of them. */
size_t ctable_padded_bytes(const ctable *t);
void cweights_print(const cunit *u, FILE *to); /* the struct of them */
/* ctree.c, for cweights.c */
ctop *ctop_new(cunit *u, ctop_kind kind); /* at the unit's end */
ctable *ctable_new(cunit *u, const char *name, size_t elements, ctable_style style, ctable_fill *fill, void *context,
                   const char *comment);
void cfunction_discard(cfunction *f, const char *parameter); /* casts it to void, first thing */
/* cprint.c: a function without its comment, as it would be printed; in the unit's arena. */
const char *cfunction_text(const cfunction *f);

#endif
