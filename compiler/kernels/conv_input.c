/* conv_input: see conv.h. */
#include "kernels/conv.h"
#include "kernels/vectors.h"

static bool is_image(const conv *v) { return v->x->view.type.rank == 5; }

const dim *conv_input_length(const conv *v) {
    const ir_type *type = &v->x->view.type;
    return type->dims[type->rank - 1];
}

cexpr *conv_stride(const conv *v, const plan_operand *o, unsigned axis) {
    return emit_dim(v->e, o->view.strides[axis]);
}

static cexpr *extent(const conv *v, unsigned axis) { return emit_dim(v->e, v->x->view.type.dims[axis]); }

cexpr *conv_input_stride(const conv *v) { return is_image(v) ? c_int(v->e->unit, 1) : conv_stride(v, v->x, 2); }

cexpr *conv_input_channel(const conv *v, cexpr *c) {
    return c_mul(v->e->unit, c, is_image(v) ? emit_dim(v->e, conv_input_length(v)) : conv_stride(v, v->x, 1));
}

/* A loop over an axis, which vanishes around a single turn. */
static cblock *loop(const conv *v, cblock *b, const char *name, unsigned axis, cexpr **index) {
    cunit *u = v->e->unit;
    bool once = dim_is(v->x->view.type.dims[axis], 1);
    *index = once ? c_int(u, 0) : c_name(u, name);
    return once ? b : c_for(b, name, c_int(u, 0), extent(v, axis), 1);
}

/* Rows of all channels side by side. */
static void gather_rows(const conv *v, cblock *b, cexpr *sequence) {
    cunit *u = v->e->unit;
    cexpr *c, *row = c_int(u, 0), *length = emit_dim(v->e, conv_input_length(v));
    const dim *const *strides = v->x->view.strides;
    bool dense = dim_is(strides[4], 1), neighbours = dense && dim_same(strides[3], conv_input_length(v));
    c_comment(b, "the rows that the windows see, side by side");
    b = loop(v, b, "c", 2, &c);
    if (!neighbours) b = loop(v, b, "row", 3, &row);
    cexpr *to = c_mul(u, c_add(u, c_mul(u, c, extent(v, 3)), row), length);
    if (neighbours) length = c_mul(u, extent(v, 3), length);
    cexpr *from = c_add(u, sequence, c_add(u, c_mul(u, c, conv_stride(v, v->x, 2)),
                                           c_mul(u, row, conv_stride(v, v->x, 3))));
    if (v->choice->rows_in_vectors) {
        c_do(b, vectors_call3(v->e, "copy", c_at(u, "rows", to), from, length));
        return;
    }
    if (dense) {
        cexpr *bytes = emit_bytes(v->e, length, IR_F32);
        c_do(b, c_call(u, "memcpy", 3, c_at(u, "rows", to), from, bytes));
        return;
    }
    b = c_for(b, "i", c_int(u, 0), length, 1);
    cexpr *i = c_name(u, "i"), *element = c_add(u, from, c_mul(u, i, conv_stride(v, v->x, 4)));
    c_assign(b, c_item(u, "rows", c_add(u, to, i)), "=", c_element(u, element));
}

/* Loops over the sequences: *first is the address of x's first channel. */
static cblock *open_sequences(const conv *v, cblock *b, cexpr **first, cexpr **sequence) {
    cunit *u = v->e->unit;
    cexpr *n, *h;
    b = loop(v, b, "item", 0, &n);
    *first = c_at(u, v->x->name, c_mul(u, n, conv_stride(v, v->x, 0)));
    if (is_image(v)) {
        b = loop(v, b, "h", 1, &h);
        c_declare(b, "float *", "rows", c_at(u, "work", c_int(u, v->choice->rows_at)));
        gather_rows(v, b, c_add(u, *first, c_mul(u, h, conv_stride(v, v->x, 1))));
        *first = c_name(u, "rows");
        n = c_add(u, c_mul(u, n, extent(v, 1)), h);
    }
    *sequence = n;
    return b;
}

conv_place conv_open_loops(const conv *v, cblock *b) {
    cunit *u = v->e->unit;
    cexpr *first, *sequence, *group = c_int(u, 0);
    b = open_sequences(v, b, &first, &sequence);
    cexpr *row = c_binary(u, "/", sequence, c_int(u, v->k->pool[0])); /* rows of a window have one result */
    if (v->attrs->groups > 1) {
        b = c_for(b, "group", group, c_int(u, v->attrs->groups), 1);
        group = c_name(u, "group");
    }
    cexpr *x_at = conv_input_channel(v, c_mul(u, group, c_int(u, v->channels)));
    cexpr *y_at = c_mul(u, c_mul(u, group, c_int(u, v->outputs)), conv_stride(v, v->y, 1));
    c_declare(b, "const float *", "x_g", c_add(u, first, x_at));
    c_declare(b, "float *", "y_g", c_at(u, v->y->name, c_add(u, c_mul(u, row, conv_stride(v, v->y, 0)), y_at)));
    return (conv_place){b, sequence, group};
}
