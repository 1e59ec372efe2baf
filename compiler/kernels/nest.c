/* nest: merging axes, and loops as C. */
#include "kernels/nest.h"

nest *nest_new(emit_context *e, const ir_type *shape, unsigned axes) {
    nest *n = ARENA_NEW(e->arena, nest);
    n->e = e;
    n->shape_rank = shape->rank;
    n->axes = axes;
    for (unsigned i = 0; i < shape->rank; i++)
        if (axes >> i & 1) n->dims[n->rank++] = shape->dims[i];
    return n;
}

unsigned nest_add_strides(nest *n, const dim *const *strides) {
    if (n->operand_count == NEST_OPERANDS) ice("a kernel of more than %d operands", NEST_OPERANDS);
    unsigned operand = n->operand_count++, axis = 0;
    for (unsigned i = 0; i < n->shape_rank; i++) {
        if (!(n->axes >> i & 1)) continue;
        n->strides[operand][axis++] = strides[i] ? strides[i] : dim_const(n->e->plan->dims, 0);
    }
    return operand;
}

unsigned nest_add(nest *n, const plan_view *v) {
    const dim *strides[IR_MAX_RANK];
    if (v->type.rank > n->shape_rank) ice("a view of more axes than its nest");
    plan_broadcast_strides(n->e->plan->dims, v, n->shape_rank, strides);
    return nest_add_strides(n, strides);
}

static bool merges(const nest *n, unsigned outer) {
    dim_table *t = n->e->plan->dims;
    for (unsigned o = 0; o < n->operand_count; o++)
        if (!plan_runs_on(t, n->strides[o][outer], n->strides[o][outer + 1], n->dims[outer + 1])) return false;
    return true;
}

/* Axis `to` takes over the strides of `from`. */
static void move_axis(nest *n, unsigned to, unsigned from) {
    n->dims[to] = n->dims[from];
    for (unsigned o = 0; o < n->operand_count; o++) n->strides[o][to] = n->strides[o][from];
}

static void remove_axis(nest *n, unsigned axis) {
    n->rank--;
    for (unsigned i = axis; i < n->rank; i++) move_axis(n, i, i + 1);
}

unsigned nest_close(nest *n, unsigned first_letter) {
    static const char *const letters[] = {"i", "j", "k", "l", "m", "n", "o", "p",
                                          "q", "r", "s", "t", "u", "v", "w", "z"};
    for (unsigned i = 0; i < n->rank;) {
        if (dim_is(n->dims[i], 1)) remove_axis(n, i);
        else i++;
    }
    for (unsigned i = 0; i + 1 < n->rank;) {
        if (!merges(n, i)) {
            i++;
            continue;
        }
        const dim *both = dim_mul(n->e->plan->dims, n->dims[i], n->dims[i + 1]);
        remove_axis(n, i);
        n->dims[i] = both;
        if (i > 0) i--;
    }
    for (unsigned i = 0; i < n->rank; i++) n->names[i] = letters[first_letter + i];
    return first_letter + n->rank;
}

cblock *nest_loops(nest *n, cblock *b, unsigned rank) {
    for (unsigned i = 0; i < rank; i++) b = c_for(b, n->names[i], c_int(n->e->unit, 0), emit_dim(n->e, n->dims[i]), 1);
    return b;
}

cexpr *nest_offset(nest *n, unsigned operand, unsigned rank) {
    cunit *u = n->e->unit;
    cexpr *sum = c_int(u, 0);
    for (unsigned i = 0; i < rank; i++)
        sum = c_add(u, sum, c_mul(u, c_name(u, n->names[i]), emit_dim(n->e, n->strides[operand][i])));
    return sum;
}

cexpr *nest_element(nest *n, unsigned operand, const char *name) {
    return c_item(n->e->unit, name, nest_offset(n, operand, n->rank));
}
