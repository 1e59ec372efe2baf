/* conv_input: see conv_input.h. */
#include "kernels/conv_input.h"
#include "kernels/vectors.h"

static bool is_image(const conv_input *x) { return x->operand->view.type.rank == 5; }

conv_input conv_input_of(emit_context *e, const plan_kernel *k) {
    return (conv_input){e, &k->inputs[0], emit_choice(e, k)->conv.rows_at};
}

const dim *conv_input_length(const conv_input *x) {
    const ir_type *type = &x->operand->view.type;
    return type->dims[type->rank - 1];
}

static cexpr *stride(const conv_input *x, unsigned axis) { return emit_dim(x->e, x->operand->view.strides[axis]); }

static cexpr *extent(const conv_input *x, unsigned axis) { return emit_dim(x->e, x->operand->view.type.dims[axis]); }

cexpr *conv_input_stride(const conv_input *x) { return is_image(x) ? c_int(x->e->unit, 1) : stride(x, 2); }

cexpr *conv_input_channel(const conv_input *x, cexpr *c) {
    return c_mul(x->e->unit, c, is_image(x) ? emit_dim(x->e, conv_input_length(x)) : stride(x, 1));
}

/* A loop over an axis, which vanishes around a single turn. */
static cblock *loop(const conv_input *x, cblock *b, const char *name, unsigned axis, cexpr **index) {
    cunit *u = x->e->unit;
    bool once = dim_is(x->operand->view.type.dims[axis], 1);
    *index = once ? c_int(u, 0) : c_name(u, name);
    return once ? b : c_for(b, name, c_int(u, 0), extent(x, axis), 1);
}

/* Rows of all channels side by side. */
static void gather_rows(const conv_input *x, cblock *b, cexpr *sequence) {
    cunit *u = x->e->unit;
    cexpr *c, *row = c_int(u, 0), *length = emit_dim(x->e, conv_input_length(x));
    const dim *const *strides = x->operand->view.strides;
    bool neighbours = dim_is(strides[4], 1) && dim_same(strides[3], conv_input_length(x));
    c_comment(b, "the rows that the windows see, side by side");
    b = loop(x, b, "c", 2, &c);
    if (!neighbours) b = loop(x, b, "row", 3, &row);
    cexpr *to = c_mul(u, c_add(u, c_mul(u, c, extent(x, 3)), row), length);
    if (neighbours) length = c_mul(u, extent(x, 3), length);
    cexpr *from = c_add(u, sequence, c_add(u, c_mul(u, c, stride(x, 2)), c_mul(u, row, stride(x, 3))));
    int64_t lanes = x->e->target->lanes;
    if (dim_is(strides[4], 1) && lanes > 1 && dim_min(conv_input_length(x)) >= lanes) {
        c_do(b, vectors_call3(x->e, "copy", c_at(u, "rows", to), from, length));
        return;
    }
    if (dim_is(strides[4], 1)) {
        cexpr *bytes = c_mul(u, length, c_name(u, "sizeof(float)"));
        c_do(b, c_call(u, "memcpy", 3, c_at(u, "rows", to), from, bytes));
        return;
    }
    b = c_for(b, "i", c_int(u, 0), length, 1);
    cexpr *i = c_name(u, "i");
    c_assign(b, c_item(u, "rows", c_add(u, to, i)), "=", c_element(u, c_add(u, from, c_mul(u, i, stride(x, 4)))));
}

cblock *conv_input_loops(const conv_input *x, cblock *b, cexpr **first, cexpr **sequence) {
    cunit *u = x->e->unit;
    cexpr *n, *h;
    b = loop(x, b, "item", 0, &n);
    *first = c_at(u, x->operand->name, c_mul(u, n, stride(x, 0)));
    if (is_image(x)) {
        b = loop(x, b, "h", 1, &h);
        c_declare(b, "float *", "rows", c_at(u, "work", c_int(u, x->rows_at)));
        gather_rows(x, b, c_add(u, *first, c_mul(u, h, stride(x, 1))));
        *first = c_name(u, "rows");
        n = c_add(u, c_mul(u, n, extent(x, 1)), h);
    }
    *sequence = n;
    return b;
}
