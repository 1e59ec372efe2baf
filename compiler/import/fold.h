/* fold: what can be computed from known elements alone.
 *
 * Each gives a value with known elements, or NULL when they cannot be known (a symbolic shape, a symbolic integer where
 * a number is needed). When the budget for them is spent, graph.folded_bytes stays as it is and graph.spent is set. */
#ifndef NNC_IMPORT_FOLD_H
#define NNC_IMPORT_FOLD_H

#include "import/graph.h"

/* Elements of x at offset + sum of index[i] * strides[i], for a result of this constant shape. */
value *fold_strided(graph *g, const value *x, unsigned rank, const int64_t *dims, const int64_t *strides,
                    int64_t offset);
value *fold_permute(graph *g, const value *x, const unsigned *perm);
value *fold_slice(graph *g, const value *x, const slice_axis *axes);
value *fold_expand(graph *g, const value *x, unsigned rank, const dim *const *dims);
value *fold_concat(graph *g, value *const *parts, unsigned count, unsigned axis);
value *fold_take(graph *g, const value *x, unsigned axis, const int64_t *indices, const value *shape_of_indices);

typedef enum {
    FOLD_ADD, FOLD_SUB, FOLD_MUL, FOLD_DIV, FOLD_MOD, FOLD_POW, FOLD_MAX, FOLD_MIN, FOLD_EQUAL, FOLD_LESS,
    FOLD_LESS_OR_EQUAL, FOLD_AND, FOLD_OR, FOLD_XOR
} fold_operator;

/* a op b with broadcasting; both of one element type. Integers may be symbolic where the result is still known. Floats
 * are rounded to float32, as an engine rounds them. Division of integers truncates, as in ONNX. */
value *fold_binary(graph *g, fold_operator op, const value *a, const value *b);
value *fold_where(graph *g, const value *condition, const value *a, const value *b);
/* Elements of [..., i, j] with j - i >= from and j - i <= to; 0 in the others' place. */
value *fold_band(graph *g, const value *x, int64_t from, int64_t to);
value *fold_not(graph *g, const value *x);
value *fold_cast(graph *g, const value *x, element to);
value *fold_unary(graph *g, double (*function)(double), const value *x); /* floats; of integers only constant ones */
/* float sum, or integer sum or product, over the axes of the mask. */
value *fold_reduce(graph *g, const value *x, unsigned axes, bool keepdims, bool product);

#endif
