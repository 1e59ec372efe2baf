/* adjoint: what rules are made with; for passes/adjoint*.c and differentiate.c only. */
#ifndef NNC_PASSES_ADJOINT_H
#define NNC_PASSES_ADJOINT_H

#include "ir/ir.h"

/* A product that a weight's gradient is made of: dy' x, of rows. */
typedef struct adjoint_product adjoint_product;
struct adjoint_product {
    ir_value *dy, *x; /* [N, O], [N, I] */
    adjoint_product *next;
};

/* Rows of dy that belong to rows of a table. */
typedef struct adjoint_rows adjoint_rows;
struct adjoint_rows {
    ir_value *dy, *ids;
    const ir_attrs *attrs; /* the EMBEDDING's */
    adjoint_rows *next;
};

/* Everything that a value's gradient is the sum of, as far as it is known. */
typedef struct {
    ir_value *value; /* whose gradient it is; NULL: nothing yet */
    ir_value *sum;  /* NULL: nothing yet */
    adjoint_product *products; /* params only */
    adjoint_rows *rows;        /* params only */
} adjoint;

typedef struct {
    ir_model *model;
    ir_graph *graph;
    ir_node *at;          /* new nodes come behind it */
    const ir_node *node;  /* whose rule is at work: new nodes have its place and label */
    bool *wanted;         /* by id: may a gradient be asked of this value? */
    adjoint *of;          /* by id */
    size_t count;         /* of both */
    bool *asked;          /* by id, of the values before any rule was at work: does a GRAD read it? */
    bool in_rounds;       /* d->graph is the body of a loop that is not of pieces (adjoint_tape.c): no sinks */
    diag_list *diags;
} differentiation;

/* The rule of a node, whose results have the gradients dy (NULL: it is zero); dy[0] is there for nodes of one result.
 * It calls adjoint_add for those of the node's operands that are wanted. */
typedef void adjoint_rule(differentiation *d, const ir_node *n, ir_value *const *dy);

/* One file each; NULL where the operator is of another family. */
adjoint_rule *adjoint_rule_elementwise(ir_op op);
adjoint_rule *adjoint_rule_function(ir_op op);
adjoint_rule *adjoint_rule_reduction(ir_op op);
adjoint_rule *adjoint_rule_move(ir_op op);
adjoint_rule *adjoint_rule_layer(ir_op op);
adjoint_rule *adjoint_rule_convolution(ir_op op);
adjoint_rule *adjoint_rule_recurrent(ir_op op);
adjoint_rule *adjoint_rule_repeat(ir_op op);

/* adjoint_tape.c: recurrent layers of more steps, whose results are wanted, become loops over pieces of so many. */
void adjoint_cut_tape(differentiation *d, int64_t steps);

/* differentiate.c: the node's rule, if its results have a gradient and one of its operands wants one: d->graph has the
 * node, or the values that it is made of. */
void adjoint_visit(differentiation *d, const ir_node *n);

/* --- parts of gradients, and sinks (adjoint.c) --- */

/* Is the gradient with respect to v of use? False for NULL. */
bool adjoint_wanted(const differentiation *d, const ir_value *v);
/* g, of a shape to which v's broadcasts, is a part of v's gradient: summed up to v's shape. Nothing where v is not
 * wanted. */
void adjoint_add(differentiation *d, ir_value *v, ir_value *g);
/* The same for a weight [O, I] by which rows x[N, I] were multiplied, and for a table. */
void adjoint_add_product(differentiation *d, ir_value *weight, ir_value *dy, ir_value *x);
void adjoint_add_rows(differentiation *d, ir_value *table, ir_value *dy, ir_value *ids, const ir_attrs *attrs);
/* What a recurrent layer's steps add to the gradient of a matrix (rows of dy, and of x) or of a bias (dy[T, B, O]; x is
 * NULL), step by step from the last one that the layer took: the same sums, to the bit, whether a piece
 * (adjoint_tape.c) comes after the other or all steps at once. Of a param of the model the sink stands right here. */
void adjoint_add_steps(differentiation *d, ir_value *param, ir_value *dy, ir_value *x, bool backwards);
/* Before such sinks: what is known of a param's gradient gets its own, so that the order is that of the rules. */
void adjoint_settle(differentiation *d, ir_value *param);
/* Is v, the model's value, read but for one row of it? */
bool adjoint_is_read_whole(const differentiation *d, const ir_value *v);
void adjoint_refuse(differentiation *d, const ir_node *n, const char *what); /* an error: has no gradient yet */
/* A sink of a param of the model, with the place and label of d->node. */
ir_node *adjoint_sink(differentiation *d, ir_op op, size_t param, ir_value *const *inputs, unsigned count);
void adjoint_sinks(differentiation *d, const ir_value *param); /* those of what is known of its gradient */
/* Is it only looked up, where gradients are sparse? */
bool adjoint_is_sparse(const differentiation *d, const ir_value *param);

/* adjoint_function.c: the gradient with respect to x of a function y of one argument; x may be NULL for one that does
 * not read it. */
ir_value *adjoint_through_function(differentiation *d, ir_op function, const double *scalar, ir_value *dy, ir_value *x,
                                   ir_value *y);
bool adjoint_function_reads_x(ir_op function);

/* --- new nodes (adjoint_build.c); shapes broadcast and follow as in ir.h ------------------------------------------ */
ir_value *adj_value(differentiation *d, ir_op op, ir_value *const *inputs, unsigned count, const ir_type *type);
ir_value *adj_number(differentiation *d, double number);         /* a float32 scalar */
ir_value *adj_zeros(differentiation *d, const ir_type *type);
ir_value *adj_of(differentiation *d, ir_op op, ir_value *x);     /* one operand of one shape */
ir_value *adj_unary(differentiation *d, ir_op op, double a, double b, ir_value *x); /* with parameters */
ir_value *adj_both(differentiation *d, ir_op op, ir_value *x, ir_value *y); /* arithmetic, or comparison */
ir_value *adj_scaled(differentiation *d, ir_value *x, double by);
ir_value *adj_plus(differentiation *d, ir_value *x, double number);
ir_value *adj_one_minus(differentiation *d, ir_value *x); /* 1 - x */
ir_value *adj_where(differentiation *d, ir_value *condition, ir_value *x, ir_value *y);
ir_value *adj_as_float(differentiation *d, ir_value *x);
ir_value *adj_size(differentiation *d, const dim *size);         /* as a float32 scalar */
ir_value *adj_reshape(differentiation *d, ir_value *x, const ir_type *shape);
ir_value *adj_rows(differentiation *d, ir_value *x);             /* as [N, last dim] */
ir_value *adj_permute(differentiation *d, ir_value *x, const unsigned *perm);
ir_value *adj_swap(differentiation *d, ir_value *x, unsigned a, unsigned b);
ir_value *adj_expand(differentiation *d, ir_value *x, const ir_type *shape); /* the result has x's element type */
ir_value *adj_reduce(differentiation *d, ir_op op, ir_value *x, unsigned axes, bool keepdim);
ir_value *adj_slice(differentiation *d, ir_value *x, unsigned axis, const dim *start, const dim *extent, int64_t step);
ir_value *adj_place(differentiation *d, ir_value *x, unsigned axis, const dim *start, const dim *length, int64_t step);
ir_value *adj_cat(differentiation *d, ir_value *const *parts, unsigned count, unsigned axis);
ir_value *adj_flip(differentiation *d, ir_value *x, unsigned axes);
ir_value *adj_matmul(differentiation *d, ir_value *x, ir_value *y);
/* int32 0, 1, … along `axis` of a shape of that rank, 1 elsewhere. */
ir_value *adj_places(differentiation *d, const dim *count, unsigned rank, unsigned axis);
/* What a reduction gives, with dims of 1 where it took some: of x's rank. */
ir_value *adj_kept(differentiation *d, const ir_node *reduction, ir_value *y);
const dim *adj_dim(differentiation *d, int64_t number);

#endif
